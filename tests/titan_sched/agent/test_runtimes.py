"""Both runtimes with real processes: what a task sees, and what a signal reaches."""

import os
import signal
import sys

import pytest
from titan_sched._process import alive, descendants, start_time
from titan_sched.agent.record import TASK_ID, Records, TaskRecord, read_records
from titan_sched.agent.runtime import Launch, choose, runtime_named
from titan_sched.agent.runtime import bubblewrap as bubblewrap_module
from titan_sched.agent.runtime.bubblewrap import Bubblewrap
from titan_sched.agent.runtime.subprocess import Subprocess
from titan_sched.agent.watch import ended

NAMES = pytest.mark.parametrize("name", ["bubblewrap", "subprocess"])


@pytest.fixture
def launch(tmp_path):
    def make(*command, **options):
        return Launch(
            **{
                "command": command,
                "env": {"PATH": os.environ["PATH"]},
                "cwd": str(tmp_path),
                "writable": [],
                "log": tmp_path / "log",
                "status": tmp_path / "status",
                **options,
            }
        )

    return make


async def finish(runtime, launch):
    """Run to the end; the exit code and the output."""
    process, handle = await runtime.start(launch)
    await ended(handle.pid, handle.start)
    return runtime.exit_code(process.wait(), launch.status), launch.log.read_text()


@NAMES
async def test_exit_code_and_output(name, launch):
    command = ("/bin/sh", "-c", "echo out; echo err >&2; exit 7")
    assert await finish(runtime_named(name), launch(*command)) == (7, "out\nerr\n")


@NAMES
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
async def test_a_signal_ends_the_whole_tree(name, launch, signum, until):
    runtime = runtime_named(name)
    script = "sleep 1000 & sleep 1000"
    process, handle = await runtime.start(launch("/bin/sh", "-c", script))
    until(lambda: len(descendants(handle.pid)) >= 2)
    whole = [(pid, start_time(pid)) for pid in descendants(handle.pid)]
    runtime.signal(handle, signum)
    await ended(handle.pid, handle.start)
    runtime.signal(handle, signal.SIGKILL)
    assert runtime.exit_code(process.wait(), launch().status) == -signum
    until(lambda: not any(alive(*one) for one in whole))


async def test_bubblewrap_leaves_the_exit_code_for_a_later_agent(launch):
    order = launch("/bin/sh", "-c", "exit 9")
    runtime = Bubblewrap(())
    process, handle = await runtime.start(order)
    await ended(handle.pid, handle.start)
    process.wait()
    assert runtime.exit_code(None, order.status) == 9
    assert Subprocess().exit_code(None, order.status) is None


async def test_a_missing_program_is_told(launch):
    with pytest.raises(FileNotFoundError):
        await Subprocess().start(launch("/no/such"))
    code, log = await finish(Bubblewrap(()), launch("/no/such"))
    assert code == 1
    assert "No such file" in log


SEES = """
import os, sys
def can(call, *args):
    try: call(*args)
    except OSError: return False
    return True
data, secret, own = sys.argv[1:]
print(can(open, data + "/new", "w"), can(open, "/etc/new", "w"), can(open, own, "w"))
print(can(open, secret))
print(sorted(os.listdir("/tmp")))
print(len([pid for pid in os.listdir("/proc") if pid.isdigit()]))
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")])
"""


async def test_what_a_task_under_bubblewrap_can_do(launch, tmp_path):
    data, secret = tmp_path / "data", tmp_path / "token"
    data.mkdir()
    secret.write_text("token")
    command = (sys.executable, "-c", SEES, str(data), str(secret), "/tmp/own")
    order = launch(*command, writable=[str(data)], cwd="/")
    code, log = await finish(Bubblewrap([str(secret)]), order)
    assert code == 0, log
    writes, readable, tmp, processes, capabilities = log.splitlines()
    assert writes == "True False True"
    assert readable == "False"
    if str(tmp_path).startswith("/tmp/") and not sys.prefix.startswith("/tmp/"):
        given = str(tmp_path).split("/")[2]
        assert tmp == str(sorted(["own", given])), "of /tmp it sees its own and what it was given"
    assert int(processes) <= 2, "pid 1 of its namespace and itself"
    assert capabilities == "['0000000000000000']"
    assert (data / "new").exists()
    assert "own" not in os.listdir("/tmp")


def test_auto_takes_bubblewrap_only_if_it_runs(monkeypatch):
    assert [runtime.name for runtime, _ in [choose("auto", [])]] == ["bubblewrap"]
    monkeypatch.setattr(bubblewrap_module, "_SANDBOX", ("--no-such-option",))
    runtime, why = choose("auto", [])
    assert runtime.name == "subprocess"
    assert why == "no isolation; bubblewrap refused: bwrap: Unknown option --no-such-option"
    with pytest.raises(RuntimeError, match="does not work here"):
        choose("bubblewrap", [])
    monkeypatch.setattr(bubblewrap_module, "_program", lambda: None)
    assert "not installed" in choose("auto", [])[1]


def test_a_group_whose_number_was_used_again_is_not_signalled():
    from titan_sched.agent.runtime import Handle

    handle = Handle(
        runtime="subprocess", pid=os.getpid(), start="1", root=os.getpid(), root_start="1"
    )
    Subprocess().signal(handle, signal.SIGKILL)
    Bubblewrap(()).signal(handle, signal.SIGKILL)


@NAMES
async def test_a_task_without_a_noted_pid_is_found_by_its_environment(name, launch, tmp_path):
    records = Records(tmp_path / "tasks")
    records.write(TaskRecord(id="web-1-0badcafe", ports=[], runtime=name))
    env = {"PATH": os.environ["PATH"], TASK_ID: "web-1-0badcafe"}
    runtime = runtime_named(name)
    process, handle = await runtime.start(launch("/bin/sleep", "1000", env=env))
    (found,) = read_records(tmp_path / "tasks")
    assert found.handle == handle
    runtime.signal(found.handle, signal.SIGKILL)
    await ended(handle.pid, handle.start)
    process.wait()


def test_records_survive_and_a_torn_one_is_passed_over(tmp_path):
    records = Records(tmp_path)
    record = TaskRecord(id="t", ports=[1], runtime="subprocess", state="Finished", reason="x")
    records.write(record)
    (tmp_path / "torn.json").write_text('{"id": ')
    assert records.load() == [record]
    records.status("t").write_text("")
    records.drop("t")
    assert records.load() == []


async def test_a_program_behind_a_link_in_tmp_runs(launch, tmp_path):
    """As the python of a virtual environment does, in a checkout below /tmp."""
    program = tmp_path / "bin" / "sh"
    program.parent.mkdir()
    program.symlink_to("/bin/sh")
    asked = launch(str(program), "-c", "echo ran", cwd=str(tmp_path))
    assert await finish(Bubblewrap(()), asked) == (0, "ran\n")
