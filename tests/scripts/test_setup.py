"""`scripts/setup.py` in a checkout of its own: a real environment, a real pip, no network."""

import base64
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import types
import venv
import zipfile

import pip
import pytest

from tests.engines import ROOT, load_script

setup = load_script("setup")
BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/house-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("house.pth", "/nowhere")
        metadata = "Metadata-Version: 2.1\\nName: house\\nVersion: 1\\n"
        wheel.writestr("house-1.dist-info/METADATA", metadata)
        wheel.writestr("house-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("house-1.dist-info/RECORD", "")
    return "house-1-py3-none-any.whl"
"""


class Checkout:
    """A folder with the script, an environment, and a shelf of wheels instead of an index."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.shelf = root / "shelf"
        self.shelf.mkdir()
        for name in ("scripts", "requirements", "src/house"):
            (root / name).mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "setup.py", root / "scripts")
        (root / "src/house/backend.py").write_text(BACKEND)
        (root / "src/house/pyproject.toml").write_text(
            "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        )

    def wheel(self, name: str) -> str:
        """Put a wheel on the shelf; returns its line of a lock file."""
        path = self.shelf / f"{name}-1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            info = f"{name}-1.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            empty = base64.urlsafe_b64encode(hashlib.sha256(b"").digest()).decode().rstrip("=")
            wheel.writestr(f"{info}/RECORD", f"{name}.py,sha256={empty},0\n")
        return f"{name}==1 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"

    def lock(self, *lines: str) -> None:
        (self.root / "requirements" / "dev.txt").write_text("".join(lines))

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script as the Makefile does; pip looks at the shelf only."""
        known = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
        known |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.shelf), "PIP_NO_CACHE_DIR": "1"}
        command = [sys.executable, str(self.root / "scripts" / "setup.py"), "dev"]
        return subprocess.run(command, env=known | environment, capture_output=True, text=True)

    def modules(self) -> set[str]:
        """What is installed besides pip."""
        (site,) = self.root.glob(".venv/lib/*/site-packages")
        return {path.stem for path in site.glob("*.py")}


@pytest.fixture
def checkout(tmp_path):
    # pip is copied from this environment: to unpack a fresh one takes seconds
    venv.create(tmp_path / ".venv")
    (site,) = tmp_path.glob(".venv/lib/*/site-packages")
    shutil.copytree(pathlib.Path(pip.__file__).parent, site / "pip")
    return Checkout(tmp_path)


def test_it_says_what_it_downloads_and_the_second_time_there_is_nothing_to_say(checkout):
    here, elsewhere = checkout.wheel("here"), checkout.wheel("elsewhere")
    checkout.lock(here, elsewhere.replace(" \\", " ; sys_platform == 'win32' \\", 1))
    first = checkout.run()
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        "setup: 1 of 1 packages to download, about 0 MB",
        "setup: 1 packages of this checkout, as editables",
    ]
    assert checkout.modules() == {"here"}
    shutil.rmtree(checkout.shelf)
    second = checkout.run()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_without_a_network_it_ends_with_one_line_and_goes_on_later(checkout):
    checkout.lock(checkout.wheel("here"))
    nowhere = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    done = checkout.run(PIP_FIND_LINKS="", **nowhere)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "setup: the package index cannot be reached: is there a network? "
        "(details in .venv/setup.log)"
    ]
    assert "No matching distribution" in (checkout.root / ".venv/setup.log").read_text()
    assert checkout.run().returncode == 0


def test_a_wheel_that_the_lock_does_not_know_is_refused(checkout):
    line = checkout.wheel("here")
    with (checkout.shelf / "here-1-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"more")
    checkout.lock(line)
    done = checkout.run()
    assert done.returncode == 1
    assert "a download is not the file that the lock names" in done.stderr
    assert checkout.modules() == set()


def test_a_lock_without_hashes_is_refused(checkout):
    checkout.wheel("here")
    checkout.lock("here==1\n")
    done = checkout.run()
    assert done.returncode == 1
    assert "Hashes are required in --require-hashes mode" in done.stderr
    assert checkout.modules() == set()


def test_no_environment_and_a_broken_one_are_one_line_each(checkout):
    checkout.lock(checkout.wheel("here"))
    python = checkout.root / ".venv/bin/python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 'cannot start' >&2\nexit 1\n")
    python.chmod(0o755)
    assert (
        checkout.run().stderr == "setup: the environment is broken (cannot start): run make clean\n"
    )
    shutil.rmtree(checkout.root / ".venv")
    assert (
        checkout.run().stderr == "setup: there is no .venv/bin/python: run make demo or make test\n"
    )


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: [Errno 13] Permission denied: '/x'", "no permission to write below .venv"),
        ("ERROR: No matching distribution found for numpy==9", "no wheel of numpy==9 for this"),
        ("WARNING: x\nERROR: first\nERROR: the last word\n", "the last word"),
        ("", "pip failed without a reason"),
    ],
)
def test_the_reason_is_what_a_person_can_act_on(output, words):
    assert words in setup.reason(output)


def test_a_full_disk_is_told_before_the_download(monkeypatch):
    monkeypatch.setattr(setup, "absent", lambda files: (["playwright"], 1))
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=0))
    with pytest.raises(setup.SetupError, match="219 MB are needed and 0 MB are free"):
        setup.install_locked("dev")


def test_an_ffmpeg_counts_only_when_it_can_make_the_films(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not setup.usable_ffmpeg()
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho ' V libx264 H.264'; echo ' A aac AAC'\n")
    program.chmod(0o755)
    assert not setup.usable_ffmpeg()
    program.write_text(program.read_text() + "echo ' TS drawtext V->V'\n")
    assert setup.usable_ffmpeg()
