import os

from titan_sched.agent.logs import Logs


def test_a_long_log_moves_aside_and_the_writer_goes_on(tmp_path):
    logs = Logs(tmp_path / "logs", limit=10)
    with logs.path("t").open("ab", buffering=0) as writer:
        writer.write(b"0123456789\n")
        logs.bound()
        writer.write(b"new\n")
    assert logs.path("t").read_bytes() == b"new\n"
    assert (tmp_path / "logs" / "t.log.1").read_bytes() == b"0123456789\n"


def test_only_the_newest_logs_of_ended_tasks_stay(tmp_path):
    logs = Logs(tmp_path, keep=2)
    for age, name in enumerate(["new", "old", "older", "oldest", "living"]):
        logs.path(name).write_text(name)
        os.utime(logs.path(name), (1000 - age, 1000 - age))
    (tmp_path / "older.log.1").write_text("rotated")
    logs.prune({"living"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["living.log", "new.log", "old.log"]


def test_the_last_line(tmp_path):
    logs = Logs(tmp_path)
    assert logs.last_line("t") == ""
    logs.path("t").write_bytes(b"first\nlast \xff" + b"x" * 300 + b"\n\n")
    assert logs.last_line("t").startswith("last \ufffdx")
    assert len(logs.last_line("t")) == 200
