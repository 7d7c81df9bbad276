"""The fused path is the same rules as the unfused one, and has the function's own signature."""

import inspect
import traceback
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hystrixpy.testing import FakeClock, isolated

from hystrixpy import BadRequestError, CircuitConfig, HystrixError, command, deadline

STEP = st.tuples(
    st.sampled_from([0, 0.25, 1, 6, 12]),  # pause before
    st.sampled_from(["ok", "ok", "raise", "bad", "late", "late_raise", "wrong", "interrupt"]),
    st.sampled_from([None, None, None, 0, 0.25, 3]),  # deadline around
    st.booleans(),  # nested call first
)


class Interrupted(BaseException):
    """Not a failure, as KeyboardInterrupt is not."""


def play(steps: list[Any], options: dict[str, Any], *, fused: bool) -> list[Any]:
    """Everything that can be seen of a run: values, errors, state, counts."""
    clock, seen = FakeClock(1000.0), []
    with isolated(clock=clock, random=Random(1)):

        @command(
            circuit=CircuitConfig(request_volume_threshold=3),
            is_failure=lambda value: value == "bad",
            **options,
        )
        def work(what: str, nested: bool = False) -> str:
            if nested:
                call(what)
            if what.startswith("late"):
                clock.advance(options["timeout"])
            if what in ("raise", "late_raise"):
                raise ConnectionError(what)
            if what == "wrong":
                raise BadRequestError(what)
            if what == "interrupt":
                raise Interrupted
            return what

        def call(*args: Any) -> Any:
            if fused:
                return work(*args)
            outcome = work.outcome(*args)
            if outcome.error is not None:
                raise outcome.error
            return outcome.value

        for pause, what, left, nested in steps:
            clock.advance(pause)
            try:
                with deadline(left):
                    seen.append(call(what, nested))
            except (HystrixError, ConnectionError, Interrupted) as error:
                seen.append((type(error), str(error)))
            shot = work.snapshot()
            assert shot.in_use == 0
            seen.append((clock.now(), shot))
    return seen


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(STEP, max_size=25),
    options=st.fixed_dictionaries(
        {
            "attempts": st.sampled_from([1, 2, 3]),
            "timeout": st.sampled_from([0.25, 1.5]),  # within a bucket of one second, and over
            "max_concurrent": st.sampled_from([1, 2]),
            "late": st.sampled_from(["value", "fallback"]),
        },
        optional={"fallback": st.sampled_from(["plain", lambda what, nested: what.upper()])},
    ),
)
def test_fused_and_unfused_agree(steps: list[Any], options: dict[str, Any]) -> None:
    assert play(steps, options, fused=True) == play(steps, options, fused=False)


def test_a_late_end_within_the_bucket_is_seen_by_the_fused_path(clock: FakeClock) -> None:
    """What a mutant showed: every late test had also crossed the end of a bucket."""

    @command(timeout=0.25)
    def slow(seconds: float) -> None:
        clock.advance(seconds)

    slow(0)
    slow(0.25)
    slow(0.125)
    assert slow.snapshot().counts == {"SUCCESS": 2, "TIMEOUT": 1}


def test_a_circuit_forced_during_a_call_is_seen_by_the_fused_path() -> None:
    @command
    def work(during: Any) -> None:
        during()

    work(int)
    work(work.circuit.reset)
    shot = work.snapshot()
    assert shot.counts == {"SUCCESS": 2}
    assert shot.volume == 0  # it was admitted before


def shapes() -> list[Any]:
    def nothing(): ...
    def plain(a, b=2): ...
    def positional(a, /, b=3, *, c, d=4): ...
    def only_positional(a, b=1, /): ...
    def stars(a, *args, c=5, **kwargs): ...
    def keywords(*, self, _hx=1): ...

    return [nothing, plain, positional, only_positional, stars, keywords]


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.__name__)
def test_every_argument_arrives_as_without_a_command(shape: Any) -> None:
    signature = inspect.signature(shape)

    def echo(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError

    source = f"def f{signature}: return dict(locals())"
    space: dict[str, Any] = {"__name__": __name__}
    exec(source, space)
    guarded = command(name="shape")(space["f"])
    assert inspect.signature(guarded) == signature
    for args, kwargs in [
        ((), {}),
        ((1,), {}),
        ((1, 2), {}),
        ((1,), {"c": 3}),
        ((1, 2, 3), {"c": 3, "z": 9}),
        ((), {"self": 1}),
        ((), {"a": 1, "b": 2}),
    ]:
        try:
            wanted = space["f"](*args, **kwargs)
        except TypeError:
            with pytest.raises(TypeError):
                guarded(*args, **kwargs)
            with pytest.raises(TypeError):
                guarded.outcome(*args, **kwargs)
        else:
            assert guarded(*args, **kwargs) == wanted
            assert guarded.outcome(*args, **kwargs).value == wanted
    assert guarded.snapshot().counts["FAILURE"] == 0  # a call that cannot be made is none


def test_the_source_is_in_the_traceback() -> None:
    @command
    def broken() -> None:
        raise ConnectionError("down")

    for _ in range(2):  # the first call of a bucket goes unfused
        with pytest.raises(ConnectionError) as caught:
            broken()
    text = "".join(traceback.format_exception(caught.value))
    assert "<hystrixpy command" in text
    assert "_hx_function(" in text


def test_the_error_is_freed_with_the_last_reference() -> None:
    """No cycle through the frames of the command: a failing call leaves the collector no work."""
    import gc
    import weakref

    class DownError(Exception):
        pass

    @command
    def broken() -> None:
        raise DownError

    gc.collect()
    gc.disable()
    try:
        for _ in range(2):
            try:
                broken()
            except DownError as error:
                seen = weakref.ref(error)
            assert seen() is None
    finally:
        gc.enable()
