"""Nothing that is committed tells which machine or which registry it was made with."""

import json
import pathlib
import re

from tests.engines import ROOT

# Joined here, so that this file does not hold what it looks for.
ROOT_HOME = "/".join(("", "root", ""))
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
    )
]


def texts(paths):
    for path in paths:
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a font


def places():
    """Paths that only this machine has; one short component would match anything."""
    found = {str(path) for path in (ROOT, pathlib.Path.home()) if len(path.parts) > 2}
    return [re.escape(path) + r"(?![\w-])" for path in sorted(found)] + [r"(?<![\w.])" + ROOT_HOME]


def test_no_path_of_this_machine(tracked):
    pattern = re.compile("|".join(places()))
    found = [
        f"{name}: {match.group()}"
        for name, text in texts(tracked)
        if (match := pattern.search(text))
    ]
    assert not found


def test_no_host_of_a_registry(tracked):
    pattern = re.compile("|".join(re.escape(host) for host in HOSTS))
    found = [
        f"{name}: {match.group()}"
        for name, text in texts(tracked)
        if (match := pattern.search(text))
    ]
    assert not found


def test_locked_requirements_are_hashed_and_hold_no_url():
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {"demo.txt", "dev.txt", "ffmpeg.txt"} <= {path.name for path in locks}
    for path in locks:
        text = path.read_text()
        assert "://" not in text, path.name
        if path.name == "debian.txt":
            continue
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9.-]+==\S+", entry), f"{path.name}: {entry.splitlines()[0]}"
            assert "--hash=sha256:" in entry, f"{path.name}: {entry.splitlines()[0]}"


def test_npm_locks_hold_no_address(tracked):
    for path in tracked:
        if path.name == "package-lock.json":
            text = path.read_text()
            assert "://" not in text, f"{path}: without `resolved` and `funding`, please"
            packages = json.loads(text)["packages"]
            resolved = [name for name, entry in packages.items() if "resolved" in entry]
            assert not [name for name in resolved if not packages[name].get("link")], path


def test_what_is_looked_for_would_be_found():
    for path in (f"see {ROOT_HOME}x", f"see {ROOT}/scripts" if len(ROOT.parts) > 2 else ROOT_HOME):
        assert re.search("|".join(places()), path)
    assert not re.search("|".join(places()), "examples/root/x")
    assert re.search(re.escape(HOSTS[0]), "https://" + HOSTS[0] + "/simple")
