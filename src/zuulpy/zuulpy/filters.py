"""What a filter is: a function, when it runs, and what happens when it fails."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from zuulpy.message import Request, Response

InboundResult = Request | Response | None
"""None: go on. A Request takes the place of the one given. A Response is the answer."""
OutboundResult = Response | None
"""None: go on. A Response takes the place of the one given."""
InboundFilter = Callable[[Request], InboundResult | Awaitable[InboundResult]]
OutboundFilter = Callable[[Response], OutboundResult | Awaitable[OutboundResult]]
Endpoint = Callable[[Request], Response | Awaitable[Response]]
Guard = Callable[
    [Callable[[Request], Awaitable[Response]]], Callable[[Request], Awaitable[Response]]
]
OnError = Literal["stop", "continue"]

M = TypeVar("M", Request, Response)


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a chain; filters run by `order`, and in order of registration within it."""

    call: Callable[[Any], Any]
    name: str
    order: float
    stops: bool
    """Whether an exception ends the request instead of being logged."""
    is_async: bool


def make_filter(
    function: Callable[[M], Any],
    *,
    order: float = 0.0,
    when: Callable[[M], bool] | None = None,
    stops: bool = False,
) -> Filter:
    """Bind what is known of `function` now, so that no request has to ask again."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return Filter(
        _conditional(function, when) if when else function, name, order, stops, is_async(function)
    )


def _conditional(function: Callable[[M], Any], when: Callable[[M], bool]) -> Callable[[M], Any]:
    def call(message: M) -> Any:
        return function(message) if when(message) else None

    return call


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling `function` gives something to await (a coroutine function or `__call__`)."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is wanted
    )
