"""The two thin shells: they call, wait and sleep as a `Run` says, and decide nothing."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from hystrixpy._run import Outcome, Run
from hystrixpy.errors import ConfigError
from hystrixpy.wraps.fallback import Fallback, is_async

if TYPE_CHECKING:
    from hystrixpy._core import Core

Arguments = tuple[Any, ...]
Keywords = Mapping[str, Any]
Began = tuple[int, float, float, float]
"""Of an attempt: generation it was admitted in, when, its limit, the bound around it."""
Ended = tuple[Any, bool, BaseException | None, bool]
"""Of an attempt: its value, whether that is bad, its error, whether a hard timeout ended it."""
Judge = Callable[[Any], object]


class SyncShell:
    """Drives the calls of a plain `def`.

    Args:
        function: what the user decorated.
        judge: `is_failure=`.
        fallback: what to answer instead.
    """

    def __init__(
        self, function: Callable[..., Any], judge: Judge | None, fallback: Fallback | None
    ) -> None:
        self._function = function
        self._judge = judge
        self._fallback = fallback

    def slow(self, core: Core, args: Arguments, kwargs: Keywords) -> Any:
        """A call from its beginning."""
        run = Run(core, self._fallback, args, kwargs, hard=False)
        self._finish(run)
        return run.result()

    def outcome(self, core: Core, args: Arguments, kwargs: Keywords) -> Outcome[Any]:
        """The same, as data."""
        run = Run(core, self._fallback, args, kwargs, hard=False)
        self._finish(run)
        return run.outcome()

    def resume(
        self, core: Core, args: Arguments, kwargs: Keywords, began: Began, ended: Ended
    ) -> Any:
        """A call whose first attempt the fused path has made."""
        run = Run(core, self._fallback, args, kwargs, hard=False)
        error = run.resume(*began, *ended)
        del ended  # the error's traceback holds this frame: it must not hold the error in return
        if error is not None:
            try:
                raise error
            finally:
                del error
        self._finish(run)
        return run.result()

    def _finish(self, run: Run) -> None:
        try:
            while not run.answered:
                if run.attempts or run.refused:
                    pause = run.pause()
                    if pause is None:
                        break
                    run.core.clock.sleep(pause)
                if run.admit():
                    self._attempt(run)
            self._fall_back(run)
        finally:
            run.stop()

    def _attempt(self, run: Run) -> None:
        try:
            value = self._function(*run.args, **run.kwargs)
            bad = self._judge is not None and bool(self._judge(value))
        except BaseException as error:
            if run.failed(error):
                raise
        else:
            run.returned(value, bad)

    def _fall_back(self, run: Run) -> None:
        fallback = run.begin_fallback()
        if fallback is None:
            return
        try:
            value = fallback.call(run.args, run.kwargs, run.error)
        except BaseException as error:
            if run.fallback_failed(error):
                raise
        else:
            run.fell_back(value)


class AsyncShell:
    """Drives the calls of an `async def`; the same text with `await` and a timer."""

    def __init__(
        self,
        function: Callable[..., Awaitable[Any]],
        judge: Judge | None,
        fallback: Fallback | None,
    ) -> None:
        import asyncio  # half of the package's import time, and sync code needs none

        self._function = function
        self._judge = judge
        self._fallback = fallback
        self._timeout = asyncio.timeout

    def timer(self, seconds: float) -> Any:
        """A scope that ends what is inside, as `asyncio.timeout` does."""
        return self._timeout(None if seconds == math.inf else seconds)

    async def slow(self, core: Core, args: Arguments, kwargs: Keywords) -> Any:
        """A call from its beginning."""
        run = Run(core, self._fallback, args, kwargs, hard=True)
        await self._finish(run)
        return run.result()

    async def outcome(self, core: Core, args: Arguments, kwargs: Keywords) -> Outcome[Any]:
        """The same, as data."""
        run = Run(core, self._fallback, args, kwargs, hard=True)
        await self._finish(run)
        return run.outcome()

    async def resume(
        self, core: Core, args: Arguments, kwargs: Keywords, began: Began, ended: Ended
    ) -> Any:
        """A call whose first attempt the fused path has made."""
        run = Run(core, self._fallback, args, kwargs, hard=True)
        error = run.resume(*began, *ended)
        del ended  # the error's traceback holds this frame: it must not hold the error in return
        if error is not None:
            try:
                raise error
            finally:
                del error
        await self._finish(run)
        return run.result()

    async def _finish(self, run: Run) -> None:
        try:
            while not run.answered:
                if run.attempts or run.refused:
                    pause = run.pause()
                    if pause is None:
                        break
                    await run.core.clock.sleep_async(pause)
                if run.admit():
                    await self._attempt(run)
            await self._fall_back(run)
        finally:
            run.stop()

    async def _attempt(self, run: Run) -> None:
        scope = self.timer(run.limit - run.at)
        try:
            async with scope:
                value = await self._function(*run.args, **run.kwargs)
            bad = self._judge is not None and bool(self._judge(value))
        except BaseException as error:
            if run.failed(error, scope.expired()):
                raise
        else:
            run.returned(value, bad)

    async def _fall_back(self, run: Run) -> None:
        fallback = run.begin_fallback()
        if fallback is None:
            return
        try:
            value = fallback.call(run.args, run.kwargs, run.error)
            if fallback.takes_slot and inspect.isawaitable(value):
                value = await value
        except BaseException as error:
            if run.fallback_failed(error):
                raise
        else:
            run.fell_back(value)


def shell_for(
    function: Callable[..., Any], judge: Judge | None, fallback: Fallback | None
) -> SyncShell | AsyncShell:
    """The shell that fits the function.

    Raises:
        ConfigError: it is a generator function, which neither fits.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError(f"@command on {function!r}: generator functions are not supported")
    return (AsyncShell if is_async(function) else SyncShell)(function, judge, fallback)
