"""Write the hashed requirement files and prove that every platform finds wheels.

`python scripts/lock.py` resolves the dependency groups of the root `pyproject.toml` together with
what the packages of the workspace need, and writes `requirements/<name>.txt`: names, versions and
hashes, no URL. `--check` writes nothing and tells whether wheels exist for every combination of
Python and platform that the project is built for.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = [
    *sorted((ROOT / "src").glob("*/pyproject.toml")),
    ROOT / "examples/reference_app/pyproject.toml",
]
FILES = {"demo": ["demo"], "dev": ["dev"], "ffmpeg": ["ffmpeg"]}
PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"]


def ours() -> set[str]:
    """Names of the distributions of this workspace: they are installed from the checkout."""
    return {tomllib.loads(path.read_text())["project"]["name"] for path in PACKAGES}


def wanted(groups: list[str], *, packages: bool) -> list[str]:
    """Requirement lines of the groups, and of the packages where asked."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    lines: list[str] = []
    pending = list(groups)
    while pending:
        for entry in table[pending.pop()]:
            if isinstance(entry, dict):
                pending.append(entry["include-group"])
            else:
                lines.append(entry)
    if packages:
        mine = ours()
        for path in PACKAGES:
            project = tomllib.loads(path.read_text())["project"]
            extras = [
                line
                for extra in project.get("optional-dependencies", {}).values()
                for line in extra
            ]
            needed = [*project["dependencies"], *extras]
            lines += [
                line
                for line in needed
                if re.split(r"[\s<>=!~;\[]", line, maxsplit=1)[0] not in mine
            ]
    return sorted(set(lines))


def compile_lock(lines: list[str], *options: str) -> str:
    """Resolve with uv and return the text of the lock file."""
    with tempfile.NamedTemporaryFile("w", suffix=".in") as source:
        source.write("\n".join(lines) + "\n")
        source.flush()
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            source.name,
            "--quiet",
            "--no-header",
            "--no-annotate",
            "--no-config",
            "--only-binary",
            ":all:",
            *options,
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Command line: no argument writes, `--check` proves wheels for what is written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="only prove that wheels exist everywhere"
    )
    check = parser.parse_args().check
    for name, groups in FILES.items():
        target = ROOT / "requirements" / f"{name}.txt"
        lines = wanted(groups, packages=name != "ffmpeg")
        if not check:
            text = compile_lock(
                lines, "--universal", "--generate-hashes", "--python-version", PYTHONS[0]
            )
            if "://" in text:
                raise SystemExit(f"{target.name}: the lock would hold a URL")
            target.write_text(text)
        for python in PYTHONS:
            for platform in PLATFORMS:
                locked = ["-c", str(target)]
                try:
                    compile_lock(
                        lines, "--python-version", python, "--python-platform", platform, *locked
                    )
                except subprocess.CalledProcessError as error:
                    where = f"Python {python} on {platform}"
                    print(f"{name}: no wheels for {where}:\n{error.stderr}", file=sys.stderr)
                    return 1
        platforms = f"Python {', '.join(PYTHONS)} on {len(PLATFORMS)} platforms"
        print(f"{target.relative_to(ROOT)}: wheels for {platforms}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
