"""Find or install the real engines that tests and benchmarks run against.

    python3 scripts/engines.py list                 what is there, in which version, and where
    python3 scripts/engines.py install              brings what is missing (Debian, Maven)
    python3 scripts/engines.py packages NAME...     the part of `install` that needs root

Standard library only: it runs with the system's Python before any environment exists. `list` ends
with 0 on a laptop, whatever is missing, and with 1 under `CI=true` when anything is; `install` ends
with 1 when anything is still missing.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "requirements" / "debian.txt"
POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
MARK = "written by scripts/engines.py while it installs"
# mariadbd and nginx live where an ordinary user's PATH does not look.
SYSTEM_FOLDERS = (
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
)
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# The last three are optional in ZooKeeper's own pom, and it does not start without them.
ZOOKEEPER_ARTIFACTS = (
    ("org.apache.zookeeper", "zookeeper", "3.9.5"),
    ("io.dropwizard.metrics", "metrics-core", "4.1.12.1"),
    ("org.xerial.snappy", "snappy-java", "1.1.10.5"),
    ("org.slf4j", "slf4j-simple", "2.0.13"),
)
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A program that tests start as it is: how it is called and how it tells its version."""

    name: str
    programs: tuple[str, ...]
    version: str


ENGINES = (
    Engine(name="memcached", programs=("memcached",), version="-V"),
    Engine(name="zookeeper", programs=(), version=""),
    Engine(name="mariadb", programs=("mariadbd",), version="--version"),
    Engine(name="nginx", programs=("nginx",), version="-v"),
    Engine(
        name="chromium",
        programs=("chromium-headless-shell", "chromium", "chromium-browser", MAC_CHROME),
        version="--version",
    ),
    Engine(name="wrk", programs=("wrk",), version="-v"),
)


def which(*programs: str) -> pathlib.Path | None:
    """The first of the programs that exists, on PATH or in the system's own folders."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))
    for program in programs:
        if found := shutil.which(program, path=path):
            return pathlib.Path(found)
    return None


def run(command: Sequence[str | pathlib.Path], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run to the end without a terminal, both outputs together; a hang counts as a failure."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    return subprocess.CompletedProcess(list(command), 127, f"{command[0]} did not answer", "")


@functools.cache
def java() -> pathlib.Path | None:
    """A Java that runs: `JAVA_HOME`, then PATH, then Debian's folders (newest name last)."""
    home = os.environ.get("JAVA_HOME")
    candidates = [pathlib.Path(home, "bin", "java")] if home else []
    candidates += [found] if (found := which("java")) else []
    candidates += sorted(pathlib.Path("/usr/lib/jvm").glob("*/bin/java"))
    # macOS has a `java` that only says where to buy one, so being there is not enough.
    return next((path for path in candidates if run([path, "-version"], 20).returncode == 0), None)


def zookeeper_pom() -> str:
    """The Maven project whose run-time dependencies are ZooKeeper's class path."""
    dependencies = "\n".join(
        f"    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version></dependency>"
        for group, artifact, version in ZOOKEEPER_ARTIFACTS
    )
    return (
        "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>engines</groupId>\n"
        "  <artifactId>zookeeper</artifactId>\n  <version>1</version>\n"
        "  <packaging>pom</packaging>\n"
        f"  <dependencies>\n{dependencies}\n  </dependencies>\n</project>\n"
    )


def zookeeper_jars() -> pathlib.Path:
    """Folder of ZooKeeper's jars in the user's cache; keyed by the pom, complete when it exists."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    key = hashlib.sha256(zookeeper_pom().encode()).hexdigest()[:12]
    return pathlib.Path(cache, "halation", "engines", f"zookeeper-{key}")


def find(name: str) -> pathlib.Path | None:
    """Where an engine is: its program, or for ZooKeeper the folder of its jars; None if missing."""
    if name == "zookeeper":
        jars = zookeeper_jars()
        return jars if jars.is_dir() and java() else None
    return which(*next(engine.programs for engine in ENGINES if engine.name == name))


def version(engine: Engine, path: pathlib.Path) -> str:
    """The version an engine tells, or `?` where it tells none."""
    if engine.name == "zookeeper":
        return ZOOKEEPER_ARTIFACTS[0][2]
    match = re.search(r"\d+(\.\d+)+", run([path, engine.version], 20).stdout)
    return match.group() if match else "?"


def packages(engine: str) -> list[str]:
    """Debian packages that bring an engine, less what the machine has from elsewhere."""
    rows = [line.split() for line in PACKAGES.read_text().splitlines() if line[:1] not in ("", "#")]
    present = {"maven": bool(which("mvn")), "default-jre-headless": bool(java())}
    return [package for package, needs in rows if needs == engine and not present.get(package)]


def remedy(engine: str) -> str:
    """One clause that tells a person how to get a missing engine."""
    names = " ".join(packages(engine))
    if not names:
        return "run: make engines"
    if which("apt-get"):
        return f"run: make engines (Debian: {names})"
    return f"install it with your package manager (Debian calls it {names})"


def report() -> list[str]:
    """Print one line an engine and return the names of the missing ones."""
    missing = []
    for engine in ENGINES:
        if path := find(engine.name):
            print(f"  {engine.name:<10} {version(engine, path):<18} {path}")
        else:
            missing.append(engine.name)
            print(f"  {engine.name:<10} {'missing':<18} {remedy(engine.name)}")
    return missing


@contextlib.contextmanager
def no_services(policy: pathlib.Path = POLICY) -> Iterator[None]:
    """Let no package start its service meanwhile: Debian's switch is a `policy-rc.d` that says 101.

    What stood there before comes back after, also after an earlier run that was killed.
    """
    saved = policy.with_name(policy.name + ".saved-by-engines")
    if saved.exists():
        saved.replace(policy)
    elif policy.exists() and MARK in policy.read_text():
        policy.unlink()
    if policy.exists():
        policy.rename(saved)
    try:
        policy.write_text(f"#!/bin/sh\n# {MARK}\nexit 101\n")
        policy.chmod(0o755)
        yield
    finally:
        policy.unlink(missing_ok=True)
        if saved.exists():
            saved.replace(policy)


def apt(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`apt-get` without questions, waiting for another one that holds the lock."""
    options = ("-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0")
    quiet = ("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
    return run([*quiet, "apt-get", *options, *arguments], 1800)


def why(output: str) -> str:
    """The line of a package manager's output that tells what went wrong."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)  # Maven colours its first line even in batch mode
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"E:|\[ERROR\] +\S", line)]
    return next(iter(telling or lines[-1:]), "")


def install_packages(names: Sequence[str]) -> int:
    """Install Debian packages as root and start none of their services; 0 when all are there."""
    if os.geteuid() != 0:
        print("engines: `packages` needs root: put sudo before it", file=sys.stderr)
        return 1
    failed = 0
    with no_services():
        if (update := apt("update")).returncode:
            print(f"engines: apt-get update: {why(update.stdout)}", file=sys.stderr)
        # One name that this release of Debian lacks must not keep the others out.
        if apt("install", "--no-install-recommends", *names).returncode:
            for name in names:
                if (done := apt("install", "--no-install-recommends", name)).returncode:
                    print(f"engines: apt-get install {name}: {why(done.stdout)}", file=sys.stderr)
                    failed = 1
    if pathlib.Path("/run/systemd/system").is_dir():
        print(
            "engines: nothing was started; `systemctl disable memcached nginx` keeps it so at boot"
        )
    return failed


def get_packages(names: Sequence[str]) -> None:
    """Install as root, or through a sudo that asks nothing, or tell what to run."""
    if not which("apt-get"):
        return  # the report that follows names each package
    print(f"engines: Debian packages to install: {' '.join(names)}", flush=True)
    again = [sys.executable, str(pathlib.Path(__file__).resolve()), "packages", *names]
    if os.geteuid() == 0:
        install_packages(names)
    elif which("sudo") and run(["sudo", "-n", "true"], 10).returncode == 0:
        subprocess.run(["sudo", "-n", *again], stdin=subprocess.DEVNULL, check=False)
    else:
        again[1] = os.path.relpath(again[1])
        print(f"engines: that needs root; run: sudo {' '.join(again)}", file=sys.stderr)


def get_zookeeper() -> None:
    """Copy ZooKeeper and what it needs (24 jars, 14 MB) from Maven into the user's cache."""
    maven = which("mvn")
    if not maven or not java():
        return  # the report that follows says what to install
    target = zookeeper_jars()
    print("engines: ZooKeeper's jars by Maven, 14 MB", flush=True)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as folder:
            pom = pathlib.Path(folder, "pom.xml")
            pom.write_text(zookeeper_pom())
            copy = (COPY_GOAL, "-DincludeScope=runtime", f"-DoutputDirectory={folder}/lib")
            done = run([maven, "-B", "-q", "-f", pom, *copy], 600)
            if done.returncode:
                print(f"engines: mvn: {why(done.stdout)}", file=sys.stderr)
            else:
                pathlib.Path(folder, "lib").rename(target)
    except OSError as error:
        print(f"engines: {target.parent}: {error.strerror}", file=sys.stderr)


def install() -> int:
    """Bring every missing engine, then report; 1 when one is still missing."""
    missing = [engine.name for engine in ENGINES if not find(engine.name)]
    names = list(dict.fromkeys(package for engine in missing for package in packages(engine)))
    if names:
        get_packages(names)
        java.cache_clear()
    if "zookeeper" in missing:
        get_zookeeper()
    return 1 if report() else 0


def main() -> int:
    """Command line: one verb."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|install|packages")
    verbs.add_parser("list", help="what is there, in which version, and where")
    verbs.add_parser("install", help="bring what is missing")
    named = verbs.add_parser("packages", help="install these Debian packages (root)")
    named.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    # A terminated run still puts back what stood at the policy's place.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if arguments.verb == "list":
        return 1 if report() and os.environ.get("CI") == "true" else 0
    return install() if arguments.verb == "install" else install_packages(arguments.names)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("engines: interrupted")
