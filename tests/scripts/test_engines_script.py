"""What `scripts/engines.py` tells and changes; the engines themselves: tests/test_engines.py."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import NOBODY, ROOT, load_script

engines = load_script("engines")
NAMES = [engine.name for engine in engines.ENGINES]


def listing(**environment):
    """Run `list` as a person would."""
    command = [sys.executable, str(ROOT / "scripts" / "engines.py"), "list"]
    known = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(command, env=known | environment, capture_output=True, text=True)


def test_list_has_one_line_an_engine():
    done = listing()
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == NAMES


def test_a_missing_engine_is_one_line_on_a_laptop_and_a_failure_in_ci(tmp_path):
    done = listing(XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0
    assert re.search(r"^  zookeeper +missing +run: make engines", done.stdout, re.MULTILINE)
    assert listing(XDG_CACHE_HOME=str(tmp_path), CI="true").returncode == 1


def test_every_debian_package_is_for_an_engine_that_exists():
    rows = [line.split() for line in engines.PACKAGES.read_text().splitlines()]
    rows = [row for row in rows if row and row[0] != "#"]
    assert {engine for _, engine in rows} == set(NAMES)
    assert len({package for package, _ in rows}) == len(rows)


def test_an_ordinary_user_is_told_what_to_run():
    script = str(ROOT / "scripts" / "engines.py")
    system = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        subprocess.run([system, "-c", f"open({script!r})"], check=True, capture_output=True, **user)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("another user can read neither this checkout nor this Python")
    command = [system, script, "packages", "wrk"]
    done = subprocess.run(command, capture_output=True, text=True, **user)
    assert done.returncode == 1
    assert done.stderr == "engines: `packages` needs root: put sudo before it\n"


def test_nothing_starts_meanwhile_and_what_stood_there_comes_back(tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o750)
    with engines.no_services(policy):
        assert subprocess.run([policy], check=False).returncode == 101
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"
    assert policy.stat().st_mode & 0o777 == 0o750
    assert [path.name for path in tmp_path.iterdir()] == ["policy-rc.d"]


def test_a_policy_left_by_a_killed_run_is_repaired(tmp_path):
    policy = tmp_path / "policy-rc.d"
    (tmp_path / "policy-rc.d.saved-by-engines").write_text("the first one")
    policy.write_text(f"# {engines.MARK}\nexit 101\n")
    with engines.no_services(policy):
        pass
    assert policy.read_text() == "the first one"
    policy.write_text(f"# {engines.MARK}\nexit 101\n")
    with engines.no_services(policy):
        pass
    assert not policy.exists()


@given(st.lists(st.sampled_from(["old", "killed", "raises", "fine"]), max_size=6))
def test_the_policy_survives_any_history(tmp_path_factory, history):
    folder = tmp_path_factory.mktemp("policy")
    policy = folder / "policy-rc.d"
    first = None
    for step in history:
        if step == "old" and not policy.exists():
            first = "exit 104"
            policy.write_text(first)
        elif step == "killed":
            broken = engines.no_services(policy)
            broken.__enter__()
            broken.gen = iter(())  # SIGKILL: no `finally` runs
        elif step == "raises":
            with pytest.raises(ZeroDivisionError), engines.no_services(policy):
                raise ZeroDivisionError
    with engines.no_services(policy):
        assert "exit 101" in policy.read_text()
    assert (policy.read_text() if policy.exists() else None) == first


def test_maven_is_asked_for_exactly_what_the_cache_is_keyed_by(monkeypatch):
    before = engines.zookeeper_jars()
    assert all(version in engines.zookeeper_pom() for *_, version in engines.ZOOKEEPER_ARTIFACTS)
    monkeypatch.setattr(engines, "ZOOKEEPER_ARTIFACTS", engines.ZOOKEEPER_ARTIFACTS[:1])
    assert engines.zookeeper_jars() != before


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("Reading...\nE: Unable to locate package x\nmore\n", "E: Unable to locate package x"),
        ("\x1b[0m[ERROR] no such artifact\n[ERROR] help\n", "[ERROR] no such artifact"),
        ("[ERROR]\n[ERROR] second\n", "[ERROR] second"),
        ("it just ended\n", "it just ended"),
        ("", ""),
    ],
)
def test_the_reason_of_a_package_manager_is_found(output, line):
    assert engines.why(output) == line
