import asyncio
import inspect
import threading
from functools import partial
from typing import Any

import pytest
from hystrixpy.testing import FakeClock

import hystrixpy
from hystrixpy import (
    BadRequestError,
    BulkheadFullError,
    CircuitConfig,
    CircuitOpenError,
    CommandTimeoutError,
    ConfigError,
    State,
    command,
    deadline,
    remaining,
)

TOUCHY = CircuitConfig(request_volume_threshold=1)


@command
def doubled(number: int) -> int:
    """Twice as much."""
    return number * 2


class Shelf:
    def __init__(self, titles: list[str]) -> None:
        self.titles = titles

    @command
    def first(self, count: int) -> list[str]:
        return self.titles[:count]

    @command
    async def later(self, count: int) -> list[str]:
        return self.titles[:count]

    @command
    @classmethod
    def name(cls) -> str:
        return cls.__name__

    @classmethod
    @command
    def other_name(cls) -> str:
        return cls.__name__

    @command
    @staticmethod
    def plain(number: int) -> int:
        return number

    @staticmethod
    @command
    def other_plain(number: int) -> int:
        return number


def test_a_command_is_the_function_it_guards() -> None:
    assert doubled(4) == 8
    assert doubled.__doc__ == "Twice as much."
    assert str(inspect.signature(doubled)) == "(number: int) -> int"
    shot = doubled.snapshot()
    assert (shot.name, shot.group) == ("test_command.doubled", __name__)
    assert (shot.counts["SUCCESS"], shot.volume, shot.limit) == (1, 1, 10)


async def test_methods_have_one_circuit_for_the_function() -> None:
    one, two = Shelf(["Dark"]), Shelf(["Coco"])
    assert one.first(1) == ["Dark"]
    assert two.first(count=1) == ["Coco"]
    assert Shelf.first(two, 1) == ["Coco"]
    assert one.first.outcome(1).value == ["Dark"]
    assert one.first.snapshot().counts == {"SUCCESS": 4}
    assert two.first.circuit.state is State.CLOSED
    assert await one.later(1) == ["Dark"]
    assert (await one.later.outcome(1)).value == ["Dark"]


def test_class_and_static_methods_in_both_orders() -> None:
    assert Shelf.name() == Shelf([]).name() == "Shelf"
    assert Shelf.other_name() == Shelf([]).other_name() == "Shelf"
    assert Shelf.plain(3) == Shelf([]).plain(3) == 3
    assert Shelf.other_plain(3) == Shelf([]).other_plain(3) == 3


def test_an_outcome_says_everything_and_raises_nothing(clock: FakeClock) -> None:
    down = ConnectionError("down")

    @command
    def broken() -> None:
        clock.advance(0.25)
        raise down

    outcome = broken.outcome()
    assert outcome.error is down
    assert outcome.value is None
    assert outcome.events == ("FAILURE", "FALLBACK_MISSING")
    assert (outcome.attempts, outcome.latency) == (1, 0.25)
    with pytest.raises(ConnectionError) as caught:
        broken()
    assert caught.value is down
    assert broken.snapshot().counts == {
        "FAILURE": 2,
        "FALLBACK_MISSING": 2,
        "EXCEPTION_THROWN": 2,
    }


def test_a_bad_request_counts_nowhere_and_has_no_fallback() -> None:
    @command(attempts=3, fallback="never", circuit=TOUCHY)
    def asked(title: int) -> str:
        raise BadRequestError(f"no title {title}")

    for _ in range(3):
        with pytest.raises(BadRequestError):
            asked(0)
    shot = asked.snapshot()
    assert shot.counts == {"BAD_REQUEST": 3, "EXCEPTION_THROWN": 3}
    assert (shot.volume, shot.state) == (0, State.CLOSED)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_is_no_exception_is_no_failure(error: type[BaseException]) -> None:
    @command(attempts=3, fallback="never", circuit=TOUCHY)
    def stopped() -> str:
        raise error

    for call in (stopped, stopped.outcome, stopped):
        with pytest.raises(error):
            call()
    shot = stopped.snapshot()
    assert shot.counts == {"CANCELLED": 3}
    assert (shot.in_use, shot.state) == (0, State.CLOSED)


def test_an_open_circuit_refuses_and_says_for_how_long(clock: FakeClock) -> None:
    calls = []

    @command(circuit=TOUCHY)
    def broken() -> None:
        calls.append(clock.now())
        raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    clock.advance(2)
    with pytest.raises(CircuitOpenError) as caught:
        broken()
    assert (caught.value.command, caught.value.retry_after) == (broken.snapshot().name, 3.0)
    assert len(calls) == 1
    clock.advance(3)
    with pytest.raises(ConnectionError):
        broken()
    assert broken.circuit.state is State.OPEN


def test_forcing_and_resetting() -> None:
    doubled.circuit.force_open()
    assert doubled.circuit.state is State.FORCED_OPEN
    with pytest.raises(CircuitOpenError) as caught:
        doubled(1)
    assert caught.value.retry_after is None
    doubled.circuit.force_closed()
    assert doubled(1) == 2
    doubled.circuit.reset()
    assert doubled.circuit.state is State.CLOSED
    assert doubled.snapshot().volume == 0


def test_a_full_bulkhead_refuses_at_once_and_counts() -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    @command(max_concurrent=2, attempts=3)
    def held() -> str:
        inside.release()
        leave.wait()
        return "done"

    threads = [threading.Thread(target=held) for _ in range(2)]
    for thread in threads:
        thread.start()
        inside.acquire()
    with pytest.raises(BulkheadFullError) as caught:
        held()
    assert (caught.value.in_use, caught.value.limit) == (2, 2)
    assert "max_concurrent=" in str(caught.value)
    leave.set()
    for thread in threads:
        thread.join()
    shot = held.snapshot()
    assert shot.counts["SEMAPHORE_REJECTED"] == 1  # a refusal is not retried
    assert (shot.volume, shot.errors, shot.in_use) == (3, 1, 0)


def test_a_late_value_is_returned_and_counts_as_a_timeout(clock: FakeClock) -> None:
    @command(timeout=0.5, attempts=3, fallback="never")
    def slow() -> str:
        clock.advance(0.5)
        return "finished"

    assert slow() == slow() == "finished"
    assert slow.outcome().events == ("TIMEOUT",)
    assert slow.snapshot().errors == 3


def test_late_fallback_discards_finished_work_as_hystrix_does(clock: FakeClock) -> None:
    @command(timeout=0.5, late="fallback")
    def slow(fails: bool) -> str:
        clock.advance(0.5)
        if fails:
            raise ConnectionError("late")
        return "finished"

    with pytest.raises(CommandTimeoutError) as caught:
        slow(False)
    assert caught.value.timeout == 0.5
    with pytest.raises(TimeoutError) as caught:
        slow(True)
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert slow.snapshot().counts["TIMEOUT"] == 2


def test_late_sync_code_stops_at_its_next_look_at_the_time(clock: FakeClock) -> None:
    @command(timeout=0.5)
    def slow() -> None:
        clock.advance(1)
        remaining()

    for _ in range(2):
        with pytest.raises(CommandTimeoutError) as caught:
            slow()
        assert (caught.value.command, caught.value.timeout) == (slow.snapshot().name, 0.5)
    assert slow.snapshot().counts["TIMEOUT"] == 2


def test_a_spent_deadline_makes_no_call() -> None:
    with deadline(0):
        outcome = doubled.outcome(1)
    assert isinstance(outcome.error, CommandTimeoutError)
    assert (outcome.attempts, doubled.snapshot().volume) == (0, 0)


def test_a_judged_value_counts_and_reaches_the_caller() -> None:
    touchy = CircuitConfig(request_volume_threshold=3, error_threshold_percentage=33)

    @command(is_failure=lambda status: status == 503, circuit=touchy)
    def fetched(status: int) -> int:
        return status

    assert fetched(200) == 200
    assert fetched.outcome(200).events == ("SUCCESS",)
    assert fetched(503) == 503
    assert fetched.circuit.state is State.OPEN
    assert fetched.snapshot().counts == {"SUCCESS": 2, "FAILURE": 1}


def test_a_judge_that_raises_is_a_failure_of_the_call() -> None:
    @command(is_failure=lambda value: value.missing)
    def fetched() -> int:
        return 1

    for _ in range(2):
        with pytest.raises(AttributeError):
            fetched()
    shot = fetched.snapshot()
    assert (shot.counts["FAILURE"], shot.in_use) == (2, 0)


def test_what_has_no_name_needs_one() -> None:
    for function in (lambda: 1, partial(int, "7")):
        with pytest.raises(ConfigError, match="name="):
            command(function)
    assert command(name="seven")(partial(int, "7"))() == 7
    assert command(name="one")(lambda: 1)() == 1


def test_an_object_with_call_is_guarded() -> None:
    class Adder:
        def __call__(self, a: int, b: int = 1) -> int:
            return a + b

    assert command(name="adder")(Adder())(2, b=3) == 5


def test_a_local_function_built_twice_needs_a_name() -> None:
    def build(**settings: Any) -> Any:
        @command(**settings)
        def inner() -> int:
            return 1

        return inner

    build()
    with pytest.raises(ConfigError, match=r"built twice.*test_command.py:\d+.*name="):
        build()
    one, two = build(name="inner"), build(name="inner")
    assert one() + two() == 2
    assert one.snapshot().counts == two.snapshot().counts == {"SUCCESS": 2}
    with pytest.raises(ConfigError, match=r"different settings, at .*py:\d+ and at .*py:\d+"):
        build(name="inner", timeout=3)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"timeout": 0}, "timeout=0: "),
        ({"timeout": float("nan")}, "timeout=nan: "),
        ({"attempts": 0}, "attempts=0: "),
        ({"max_concurrent": True}, "max_concurrent=True: "),
        ({"late": "never"}, "late='never': "),
        ({"timeot": 3}, "timeot=3: no such setting; there are attempts, circuit"),
        ({"fallback": 1, "fallback_max_concurrent": 3}, "fallback_max_concurrent=3: "),
        ({"name": ""}, "name='': "),
        ({"circuit": 3}, "circuit=3: "),
        ({"is_failure": 503}, "is_failure=503: "),
    ],
)
def test_an_impossible_setting_is_named_with_its_range(settings: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        command(**{"name": "x", **settings})(lambda: 1)
    assert str(caught.value).startswith(said)
    assert "x" not in [known.snapshot().name for known in hystrixpy.commands()]


def test_what_cannot_be_guarded_is_refused() -> None:
    def numbers() -> Any:
        yield 1

    async def numbers_later() -> Any:
        yield 1

    async def really_ended() -> None: ...

    for function in (numbers, numbers_later):
        with pytest.raises(ConfigError, match="generator"):
            command(function)
    with pytest.raises(ConfigError, match="async def is really ended"):
        command(late="value")(really_ended)
    with pytest.raises(ConfigError, match="by keyword"):
        command(3)  # type: ignore[call-overload]


def test_no_sample_is_lost_between_threads() -> None:
    def work() -> None:
        for _ in range(2000):
            doubled(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shot = doubled.snapshot()
    assert shot.counts["SUCCESS"] == 16_000
    assert shot.in_use == 0
