import json
import signal
import socket
import subprocess
import sys

import pytest
from titan_sched.cli import main
from titan_sched.jobs import to_json

from titan_sched import Service


def titan(cluster, *words):
    return main([words[0], "--dir", str(cluster.directory), *words[1:]])


def test_submit_ps_explain_kill(cluster, tmp_path, capsys):
    job = Service("sleeper", ["/bin/sleep", "1000"]).descriptor()
    (tmp_path / "job.json").write_text(json.dumps(to_json(job)))
    assert titan(cluster, "submit", str(tmp_path / "job.json")) == 0
    job_id = capsys.readouterr().out.strip()
    cluster.client().job(job_id).wait_started(10)
    assert titan(cluster, "ps") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["TASK", "STATE", "ZONE"]
    assert row.split()[:4] == ["sleeper-1", "Started", "a", "a1"]
    assert titan(cluster, "explain", "sleeper") == 0
    assert capsys.readouterr().out == "1 of 1 tasks are Started.\n"
    assert titan(cluster, "kill", job_id) == 0


def test_bad_input_is_one_line(cluster, tmp_path, capsys):
    body = to_json(Service("bad", ["true"]).descriptor())
    body["container"]["resources"]["memoryMB"] = -64
    for text, wanted in (
        (json.dumps(body), "titan: container.resources.memoryMB: -64 is refused; allowed: a whole"),
        ("{", "titan: "),
    ):
        (tmp_path / "job.json").write_text(text)
        assert titan(cluster, "submit", str(tmp_path / "job.json")) == 1
        error = capsys.readouterr().err
        assert error.startswith(wanted)
        assert error.count("\n") == 1
    assert titan(cluster, "submit", str(tmp_path / "none.json")) == 1
    assert titan(cluster, "explain", "nothing") == 1
    assert capsys.readouterr().err.endswith("titan: no job 'nothing'\n")
    assert main(["ps", "--dir", str(tmp_path)]) == 1
    assert "no control plane answers" in capsys.readouterr().err


def run(*words, **options):
    command = [sys.executable, "-m", "titan_sched", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, **options)


def test_a_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        words = ("control", "--dir", tmp_path, "--token-file", tmp_path / "token", "--port", port)
        done = run(*words)
    assert done.returncode == 1
    assert done.stderr == f"titan_sched control: 127.0.0.1:{port}: Address already in use\n"


def test_a_second_process_of_a_directory_is_refused(cluster):
    root = cluster.directory
    done = run("control", "--dir", root, "--token-file", root / "token")
    assert (done.returncode, done.stdout) == (1, "")
    assert "another one runs" in done.stderr


def test_no_permission_is_one_line():
    done = run("dev", "--dir", "/proc/titan")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_an_agent_with_a_wrong_token_says_so(cluster, tmp_path):
    (tmp_path / "token").write_text("wrong")
    where = ("--control", cluster.url, "--token-file", tmp_path / "token")
    done = run("agent", "--id", "x", "--zone", "x", "--dir", tmp_path / "x", *where)
    assert done.returncode == 1
    assert done.stderr == "titan_sched agent x: the token was refused\n"
    assert "x" not in {agent["id"] for agent in cluster.client().agents()}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_dev_runs_until_it_is_told_and_leaves_nothing(tmp_path, signum):
    command = [sys.executable, "-m", "titan_sched", "dev", "--dir", str(tmp_path), "--zones", "a"]
    # As where a shell has started it in the background: SIGINT is ignored.
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        dev = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, ignored)
    with dev:
        try:
            lines = [dev.stdout.readline() for _ in range(3)]
            assert lines[0].startswith("control plane http://127.0.0.1:")
            assert lines[1].startswith("agent a1, zone a: ")
            dev.send_signal(signum)
            assert dev.wait(15) == 0
        finally:
            dev.kill()
    assert not (tmp_path / "control.json").exists()
