import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from titan_sched.control.state import State
from titan_sched.control.store import Store

from tests.titan_sched.control.world import World
from titan_sched import Batch, Service


def test_what_was_saved_is_loaded(tmp_path):
    world = World()
    world.talk()
    world.core.submit(Service("web", ["run"], count=2, env={"A": "ä"}).descriptor())
    batch = world.core.submit(Batch("b", ["run"], retries=3).descriptor())
    world.talk()
    world.move(batch, "Finished", "failed: exit code 1")
    world.talk()
    state = world.core.state
    store = Store(tmp_path / "titan.db")
    store.save(state)
    assert not state.changed.jobs
    assert not state.changed.tasks
    store.close()

    jobs, tasks = Store(tmp_path / "titan.db").load()
    stored = {job.id: job.stored() for job in state.jobs.values()}
    assert {job.id: job.stored() for job in jobs} == stored
    assert {task.id: task for task in tasks} == state.tasks
    (loaded,) = (job for job in jobs if job.id == batch.id)
    assert [slot.failures for slot in loaded.slots] == [1]


def test_what_is_gone_is_deleted(tmp_path):
    world = World()
    job = world.core.submit(Service("web", ["run"]).descriptor())
    store = Store(tmp_path / "titan.db")
    store.save(world.core.state)
    del world.core.state.jobs[job.id]
    world.core.state.changed.jobs.add(job.id)
    store.save(world.core.state)
    assert store.load() == ([], [])


def test_epochs_only_grow(tmp_path):
    first = Store(tmp_path / "titan.db")
    assert [first.next_epoch(), first.next_epoch()] == [1, 2]
    first.close()
    assert Store(tmp_path / "titan.db").next_epoch() == 3


def test_a_save_that_fails_keeps_what_it_had_to_write(tmp_path):
    store = Store(tmp_path / "titan.db")
    world = World()
    world.core.submit(Service("web", ["run"]).descriptor())
    other = sqlite3.connect(tmp_path / "titan.db", isolation_level=None)
    other.execute(
        "CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.Error, match="full"):
        store.save(world.core.state)
    assert world.core.state.changed.jobs
    other.execute("DROP TRIGGER full")
    store.save(world.core.state)
    assert len(store.load()[0]) == 1
    other.close()


DIES = """
import os, signal, sys
from pathlib import Path
from tests.titan_sched.control.world import World
from titan_sched import Service
from titan_sched.control.store import Store
world = World()
world.core.submit(Service("web", ["run"]).descriptor())
Store(Path(sys.argv[1])).save(world.core.state)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_saved_survives_kill_9(tmp_path):
    path = tmp_path / "titan.db"
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], cwd=os.getcwd())
    assert done.returncode == -signal.SIGKILL
    assert [job.name for job in Store(path).load()[0]] == ["web"]


def test_nothing_changed_writes_nothing(tmp_path):
    store = Store(tmp_path / "titan.db")
    store.save(State())
    assert store.load() == ([], [])


@pytest.mark.parametrize("before", [None, 0o644])
def test_only_its_owner_may_read_it(tmp_path, before):
    if before is not None:
        (tmp_path / "titan.db").touch()
        (tmp_path / "titan.db").chmod(before)
    store = Store(tmp_path / "titan.db")
    store.next_epoch()
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("titan.db", "titan.db-wal", "titan.db-shm"), 0o600)
    store.close()
