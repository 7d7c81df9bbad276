import inspect
import threading
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hystrixpy.wraps.fallback import Fallback

from hystrixpy import BulkheadFullError, ConfigError, FallbackFailedError, command


def broken(fallback: object, **settings: Any) -> Any:
    @command(name=f"broken-{id(fallback)}", fallback=fallback, **settings)
    def call(member: int, *, limit: int = 3) -> Any:
        raise ConnectionError("down")

    return call


@pytest.mark.parametrize(
    ("fallback", "wanted"),
    [
        ("plain", "plain"),
        (None, None),
        (list, []),
        (lambda: "none", "none"),
        (lambda member, limit: (member, limit), (7, 3)),
        (lambda *args, **kwargs: (args, kwargs), ((7,), {"limit": 3})),
        (lambda error: str(error), "down"),
        (lambda member, *, limit, error: (member, limit, str(error)), (7, 3, "down")),
    ],
    ids=["value", "none", "builtin", "nothing", "same", "any", "error", "same and error"],
)
def test_a_fallback_takes_what_it_asks_for(fallback: object, wanted: object) -> None:
    call = broken(fallback)
    assert call(7) == call(member=7) == wanted
    assert call.outcome(7).events == ("FAILURE", "FALLBACK_SUCCESS")


@pytest.mark.parametrize(
    "fallback",
    [lambda a, b, c: 1, lambda member: 1, lambda member, limit, other: 1],
    ids=["others", "too few", "too many"],
)
def test_one_that_cannot_be_called_is_found_when_it_is_built(fallback: Any) -> None:
    with pytest.raises(ConfigError, match=r"takes \(.*it must take \(member: int, \*, limit"):
        broken(fallback)


def test_an_argument_of_the_command_that_is_called_error_stays_its_own() -> None:
    @command(fallback=lambda error: f"about {error}")
    def explained(error: str) -> str:
        raise ConnectionError("down")

    assert explained("E42") == "about E42"


def test_an_async_fallback_of_a_plain_def() -> None:
    async def plan_b() -> None: ...

    with pytest.raises(ConfigError, match="cannot await"):
        broken(plan_b)


def test_a_fallback_that_is_a_command_has_its_own_circuit() -> None:
    @command
    def top10(member: int, *, limit: int) -> list[str]:
        return ["Up"]

    assert broken(top10)(7) == ["Up"]
    assert top10.snapshot().counts == {"SUCCESS": 1}


def test_a_failing_fallback_keeps_both_errors() -> None:
    def plan_b() -> None:
        raise KeyError("cold")

    call = broken(plan_b)
    for _ in range(2):
        with pytest.raises(FallbackFailedError) as caught:
            call(7)
        assert isinstance(caught.value.fallback_error, KeyError)
        assert isinstance(caught.value.__cause__, ConnectionError)
        assert caught.value.cause is caught.value.__cause__
    assert call.snapshot().counts["FALLBACK_FAILURE"] == 2
    assert call.snapshot().counts["EXCEPTION_THROWN"] == 2


def test_a_fallback_of_a_judged_value_has_no_error() -> None:
    @command(is_failure=bool, fallback=lambda error: error)
    def fetched() -> int:
        return 503

    assert fetched() is None


def test_a_full_fallback_is_refused() -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    def plan_b() -> None:
        inside.release()
        leave.wait()

    call = broken(plan_b, fallback_max_concurrent=1)
    thread = threading.Thread(target=call, args=(7,))
    thread.start()
    inside.acquire()
    with pytest.raises(FallbackFailedError) as caught:
        call(7)
    leave.set()
    thread.join()
    assert isinstance(caught.value.fallback_error, BulkheadFullError)
    assert caught.value.fallback_error.argument == "fallback_max_concurrent"
    assert call.snapshot().counts["FALLBACK_REJECTION"] == 1
    assert call.outcome(7).events == ("FAILURE", "FALLBACK_SUCCESS")


PARTS = st.lists(st.sampled_from(["a", "b=1", "*args", "*, k", "*, k=1", "**kw"]), max_size=4)


CALLS = [((), {}), ((1,), {}), ((1, 2), {}), ((1, 2, 3), {"z": 1}), ((1,), {"k": 2})]


def function_of(parts: list[str]) -> Any:
    """A function with these parameters, or None where they make no signature."""
    space: dict[str, Any] = {}
    try:
        exec(f"def f({', '.join(parts)}): return 'called'", space)
    except SyntaxError:
        return None
    return space["f"]


@settings(max_examples=200, deadline=None)
@given(PARTS, PARTS)
def test_one_that_is_accepted_can_be_called(wanted: list[str], offered: list[str]) -> None:
    function, target = function_of(wanted), function_of(offered)
    if function is None or target is None:
        return
    try:
        fallback = Fallback(target, function, "x")
    except ConfigError:
        return
    for args, kwargs in CALLS:
        try:
            call = inspect.signature(function).bind(*args, **kwargs)
        except TypeError:
            continue
        call.apply_defaults()
        assert fallback.call(call.args, call.kwargs, None) == "called"
