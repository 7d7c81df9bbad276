"""Starting, refusing to start, and ending: nothing is left, whenever it is ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.engines import free_port
from tests.reference_app.conftest import REFAPP, until, up_command


def processes_of(run: Path) -> list[str]:
    """Command lines that name this run directory, read from the process table."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(run).encode() in text:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def refuse(*arguments: str, env: dict[str, str] | None = None) -> str:
    """Run `refapp up` that must be refused in one line; the line."""
    done = subprocess.run(
        [str(REFAPP), *arguments], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path):
    """Whatever a test did, and however it ended."""
    yield
    down = [str(REFAPP), "down", "--run", str(tmp_path / "run")]
    subprocess.run(down, check=False, stdout=subprocess.DEVNULL)


def test_an_unknown_profile_is_refused(tmp_path):
    line = refuse("up", "--profile", "huge", "--run", str(tmp_path))
    assert "profile: 'huge' is not allowed; expected mini" in line


def test_a_port_in_use_is_refused(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refuse(*up_command(tmp_path / "run", port, free_port())[1:])
    assert f"port {port} of the house is not free" in line
    assert "--house-port" in line
    assert processes_of(tmp_path / "run") == []


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    line = refuse(*up_command(blocked / "run", free_port(), free_port())[1:])
    assert "cannot write to" in line


def test_no_ffmpeg_at_all_is_refused(tmp_path):
    command = up_command(tmp_path / "run", free_port(), free_port())
    command += ["--media", str(tmp_path / "films")]
    env = {"PATH": str(tmp_path), "IMAGEIO_FFMPEG_EXE": str(tmp_path / "none")}
    line = refuse(*command[1:], env=env)
    assert "ffmpeg" in line
    assert processes_of(tmp_path / "run") == []


def test_status_without_a_run_says_so(tmp_path):
    assert "nothing runs in" in refuse("status", "--run", str(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("said", ["titan_sched:", "processes run"])
def test_a_signal_while_starting_leaves_nothing(tmp_path, number, said):
    run, house_port, booth_port = tmp_path / "run", free_port(), free_port()
    command = up_command(run, house_port, booth_port)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if said in line:
                break
        process.send_signal(number)
        output = process.stdout.read()
        assert process.wait(60) == 0, output
    assert "no process and no port is left" in output
    assert until("all to end", lambda: processes_of(run) == [])
    for port in (house_port, booth_port):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_what_a_killed_up_leaves_is_ended_by_down(tmp_path):
    run = tmp_path / "run"
    with subprocess.Popen(
        up_command(run, free_port(), free_port()), stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if "processes run" in line:
                break
        process.kill()
    assert processes_of(run)
    done = subprocess.run(
        [str(REFAPP), "down", "--run", str(run)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("ended ")
    assert until("all to end", lambda: processes_of(run) == [])
