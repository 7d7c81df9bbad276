"""Starting, refusing to start, and ending: nothing is left, whenever it is ended."""

from __future__ import annotations

import os
import pty
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


def assert_free(*ports: int) -> None:
    """Nobody listens there; connections that have just been closed do not matter."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def read_until(process: subprocess.Popen[str], said: str) -> None:
    """Read the output up to a line with these words."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if said in line:
            return
    raise AssertionError("".join(seen))


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal: SigCgt of proc_pid_status(5)."""
    text = Path(f"/proc/{pid}/status").read_text()
    mask = next(line.split()[1] for line in text.splitlines() if line.startswith("SigCgt"))
    return bool(int(mask, 16) >> (number - 1) & 1)


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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--house-port", "0"], "--house-port: 0 is not allowed; expected 1 to 65535"),
        (["--booth-port", "65536"], "--booth-port: 65536 is not allowed; expected 1 to 65535"),
        (["--house-port", "7701"], "--booth-port: 7701 is not allowed; expected another than"),
        (["--films", "0"], "--films: 0 is not allowed; expected 1 to 10"),
        (["--films", "11"], "--films: 11 is not allowed; expected 1 to 10"),
        (["--film-seconds", "9"], "--film-seconds: 9 is not allowed; expected 10 to 3600"),
    ],
)
def test_a_value_that_cannot_work_is_refused(tmp_path, arguments, told):
    assert told in refuse("up", *arguments, "--run", str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_an_address_for_spans_that_is_none_is_refused(tmp_path):
    line = refuse("up", "--run", str(tmp_path / "run"), env={"HALATION_OTLP": "collector:4318"})
    assert "HALATION_OTLP: 'collector:4318' is not allowed" in line


@pytest.mark.parametrize("verb", ["up", "down", "status"])
def test_what_the_system_refuses_is_told_in_one_line(verb):
    assert "refapp: " in refuse(verb, "--run", "/tmp/" + "x" * 300)


def test_seconds_belong_to_a_stop_alone(tmp_path):
    done = subprocess.run(
        [str(REFAPP), "kill", "oca-a1", "--seconds", "3", "--run", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "unrecognized arguments" in done.stderr


def test_status_without_a_run_says_so(tmp_path):
    assert "nothing runs in" in refuse("status", "--run", str(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("said", ["titan_sched:", "processes run"])
def test_a_signal_while_starting_leaves_nothing(tmp_path, number, said):
    run, house_port, booth_port = tmp_path / "run", free_port(), free_port()
    command = up_command(run, house_port, booth_port)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        read_until(process, said)
        process.send_signal(number)
        output = process.stdout.read()
        assert process.wait(60) == 0, output
    assert "no process and no port is left" in output
    assert until("all to end", lambda: processes_of(run) == [])
    assert_free(house_port, booth_port)


def test_what_a_killed_up_leaves_is_ended_by_down(tmp_path):
    run = tmp_path / "run"
    with subprocess.Popen(
        up_command(run, free_port(), free_port()), stdout=subprocess.PIPE, text=True
    ) as process:
        read_until(process, "processes run")
        process.kill()
    assert processes_of(run)
    told = subprocess.run(
        [str(REFAPP), "status", "--run", str(run)], capture_output=True, text=True, check=True
    )
    assert "refapp up was killed; refapp down ends what is left" in told.stdout
    done = subprocess.run(
        [str(REFAPP), "down", "--run", str(run)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("ended ")
    assert until("all to end", lambda: processes_of(run) == [])


@pytest.mark.parametrize("said", ["titan_sched:", "Ctrl-C leaves"])
def test_a_closed_terminal_leaves_nothing(tmp_path, said):
    run, house_port, booth_port = tmp_path / "run", free_port(), free_port()
    master, slave = pty.openpty()
    # setsid makes the pair the program's own terminal, as a terminal window does.
    command = ["setsid", "--ctty", *up_command(run, house_port, booth_port)]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    output = b""
    while said.encode() not in output:
        output += os.read(master, 4096)
    os.close(master)
    process.wait(60)
    assert until("all to end", lambda: processes_of(run) == [])
    assert_free(house_port, booth_port)


def test_a_reader_that_goes_away_does_not_end_the_ending(tmp_path):
    run, house_port, booth_port = tmp_path / "run", free_port(), free_port()
    command = up_command(run, house_port, booth_port)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    read_until(process, "titan_sched:")
    process.stdout.close()
    until("tasks", lambda: (run / "titan" / "registry" / "cache.json").exists())
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 0
    assert until("all to end", lambda: processes_of(run) == [])
    assert_free(house_port, booth_port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_first_line_leaves_nothing(tmp_path, number):
    run, house_port, booth_port = tmp_path / "run", free_port(), free_port()
    with subprocess.Popen(
        up_command(run, house_port, booth_port),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        until("a handler", lambda: catches(process.pid, signal.SIGTERM))
        process.send_signal(number)
        output = process.stdout.read()
        assert process.wait(60) in (0, 130), output
    assert "Traceback" not in output
    assert until("all to end", lambda: processes_of(run) == [])
    assert_free(house_port, booth_port)


def test_down_ends_the_up_that_watches_and_only_one_may_watch(tmp_path):
    run, house_port, booth_port = tmp_path / "run", free_port(), free_port()
    command = up_command(run, house_port, booth_port)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        read_until(first, "processes run")
        assert f"process {first.pid} is at work in" in refuse(*command[1:])
        down = [str(REFAPP), "down", "--run", str(run)]
        done = subprocess.run(down, capture_output=True, text=True, check=True)
        assert f"ended the run that process {first.pid} watched over" in done.stdout
        assert "no process and no port is left" in first.stdout.read()
        assert first.wait(5) == 0
    assert processes_of(run) == []
    assert_free(house_port, booth_port)
