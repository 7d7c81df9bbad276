"""The conversation, with a link that is a list of answers."""

import asyncio
import contextlib

import pytest
from titan_sched.agent.agent import Agent
from titan_sched.agent.logs import Logs


class Recorder:
    """Takes the place of the tasks: notes what it is told."""

    def __init__(self):
        self.told = []

    def report(self):
        return []

    def launch(self, order):
        self.told.append(("launch", order["id"]))

    def kill(self, task_id, grace, reason):
        self.told.append(("kill", task_id))

    def forget(self, task_id):
        self.told.append(("forget", task_id))

    def fault(self, task_id, signum, seconds):
        self.told.append(("fault", task_id, signum.name))


class Wire:
    """A link whose waiting question never ends, and whose others are answered from a list."""

    def __init__(self):
        self.answers, self.asked = [], []

    async def post(self, path, body, patience):
        self.asked.append((path, body))
        if not path.endswith("wait=0.0"):
            await asyncio.Event().wait()
        if not self.answers:
            raise ConnectionError
        return self.answers.pop(0)


def answer(epoch, revision, **orders):
    empty = {"launch": [], "kill": [], "forget": [], "faults": []}
    return {"epoch": epoch, "revision": revision, **empty, **orders}


@pytest.fixture
async def talk(tmp_path):
    """`await talk(*answers)`: an agent is woken for each; what it told its tasks, and the wire."""

    async def run(*answers):
        tasks, wire = Recorder(), Wire()
        agent = Agent(
            "a1",
            {"zone": "a"},
            tasks=tasks,
            logs=Logs(tmp_path / "logs"),
            connect=lambda: wire,
            epoch_file=tmp_path / "epoch.json",
        )
        running = asyncio.create_task(agent.run())
        for one in answers:
            wire.answers.append(one)
            agent.wake()
            async with asyncio.timeout(5):
                while wire.answers:  # noqa: ASYNC110 - the wire is a plain list
                    await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return tasks.told, wire.asked

    return run


async def test_news_is_told_at_once_beside_the_question_that_waits(talk):
    _, asked = await talk(answer(1, 1))
    assert [path.rpartition("=")[2] for path, _ in asked] == ["0.5", "0.0"]
    assert [body["sequence"] for _, body in asked] == [1, 2]


async def test_orders_are_obeyed(talk):
    orders = {
        "launch": [{"id": "l"}],
        "kill": [{"id": "k", "grace": 1.0, "reason": "killed"}],
        "forget": ["f"],
        "faults": [{"id": "1", "task": "t", "signal": "STOP", "seconds": None}],
    }
    told, _ = await talk(answer(1, 1, **orders))
    assert told == [("launch", "l"), ("kill", "k"), ("forget", "f"), ("fault", "t", "SIGSTOP")]


async def test_an_answer_that_was_overtaken_is_not_obeyed(talk):
    late = answer(1, 4, forget=["late"])
    told, _ = await talk(answer(1, 5, forget=["first"]), late, answer(1, 5, forget=["same"]))
    assert told == [("forget", "first")]


async def test_an_older_control_plane_is_not_obeyed_even_after_a_restart(talk):
    told, _ = await talk(answer(3, 1, forget=["new"]), answer(2, 99, forget=["old"]))
    assert told == [("forget", "new")]
    told, _ = await talk(answer(2, 100, forget=["old"]))
    assert told == []


async def test_a_fault_is_done_once_and_confirmed(talk):
    fault = {"id": "1", "task": "t", "signal": "CONT", "seconds": None}
    told, asked = await talk(answer(1, 1, faults=[fault]), answer(1, 2, faults=[fault]))
    assert told == [("fault", "t", "SIGCONT")]
    assert asked[-1][1]["faults"] == ["1"]
