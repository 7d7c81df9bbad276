"""What a context allows its commands: how much time is left, and whether they may call again.

Inner commands, tasks and threads inherit both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import overload

from hystrixpy import registry
from hystrixpy.errors import CommandTimeoutError, ConfigError

bound: ContextVar[float] = ContextVar("hystrixpy_bound", default=math.inf)
"""When the work of this context must be done, on the registry's clock; infinity for never."""


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Bound everything inside, all attempts of all commands together.

    A deadline never loosens one that is around it. One that is spent already (0 or less, as an
    incoming one can be) lets no command inside make its call.

    Args:
        seconds: from now; None bounds nothing, for callers that pass on what they were given.

    Raises:
        ConfigError: `seconds` is not a number.
    """
    if seconds is None:
        yield
        return
    if math.isnan(seconds):
        raise ConfigError(f"deadline={seconds!r}: must be a number of seconds")
    limit = min(bound.get(), registry.current().clock.now() + seconds)
    token = bound.set(limit)
    try:
        yield
    finally:
        bound.reset(token)


may_retry: ContextVar[bool] = ContextVar("hystrixpy_may_retry", default=True)
"""Whether the commands of this context may call again."""


@contextmanager
def without_retries() -> Iterator[None]:
    """Let no command inside call again, whatever its `attempts`.

    For work that is itself a retry of somebody nearer to the caller: where every hop retries, one
    failure at the bottom becomes a multiple at each hop above it.
    """
    token = may_retry.set(False)
    try:
        yield
    finally:
        may_retry.reset(token)


@overload
def remaining() -> float | None: ...
@overload
def remaining(*, default: float) -> float: ...
def remaining(*, default: float | None = None) -> float | None:
    """Seconds left of the tighter of the command's timeout and the deadline; always over 0.

    Args:
        default: what to return where nothing bounds the call.

    Raises:
        CommandTimeoutError: nothing is left, so that late sync code stops at its next I/O.
    """
    limit = bound.get()
    if limit == math.inf:
        return default
    left = limit - registry.current().clock.now()
    if left <= 0:
        raise CommandTimeoutError
    return left
