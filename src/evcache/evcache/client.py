"""`EVCache`: the synchronous client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar

from evcache.calls import Calls
from evcache.events import Observer
from evcache.groups import Servers
from evcache.item import Item
from evcache.latch import Latch, Policy, Votes
from evcache.ops import Plan
from evcache.pool import Pool

P = ParamSpec("P")
R = TypeVar("R")


class EVCache:
    """A cache replicated over zones. One object serves all threads and survives `fork`.

    Nothing is opened before the first call; `close`, or leaving ``with``, gives everything back.
    What it knows of its nodes (which are down, which connections are open) is per process.

    Args:
        servers: ``{"zone": ["host/ip:port", ...]}``, or ``"file:/path.json"``: a JSON list of
            Curator's ServiceInstance that is looked at every 0.2 s while it is used.
        zone: the caller's own zone, which is asked first; None keeps the order of `servers`.
        name: what the cache is called in events.
        prefix: goes before every key, as ``prefix:key``.
        ttl: default whole seconds to live; None never expires.
        write: default policy: none, one, quorum, all_minus_one or all. In two zones
            all_minus_one is one acknowledgement; three are the recommended smallest number.
        timeout: seconds a call may take, connecting and all zones included.
        deadline: seconds the caller has left, or None; asked at every call.
        raise_errors: raise `EVCacheError` where a call would otherwise return a default or a
            latch that is not met.
        observer: is told every call by two `Event`.
        trace: holds the current W3C traceparent; set to that of the call while it runs.

    Raises:
        ValueError: an argument that is not allowed; the message says what is.
    """

    def __init__(
        self,
        servers: Servers,
        *,
        zone: str | None = None,
        name: str = "default",
        prefix: str = "",
        ttl: int | None = None,
        write: Policy = "all_minus_one",
        timeout: float = 0.25,
        deadline: Callable[[], float | None] | None = None,
        raise_errors: bool = False,
        observer: Observer | None = None,
        trace: ContextVar[str | None] | None = None,
    ) -> None:
        self._calls = Calls(
            servers,
            zone=zone,
            name=name,
            prefix=prefix,
            ttl=ttl,
            write=write,
            timeout=timeout,
            deadline=deadline,
            raise_errors=raise_errors,
            observer=observer,
            trace=trace,
            clock=time.monotonic,
            signal=threading.Event,
        )
        self._pool = Pool(time.monotonic)

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` on a miss and where no zone answers."""
        item = self._pool.run(self._calls.get(key, "get"))
        return item.value if item.found else default

    def get_item(self, key: str) -> Item:
        """The value with its status, zone, remaining seconds and tier."""
        return self._pool.run(self._calls.get(key, "get_item"))

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values that were found. All commands go out before any reply is awaited."""
        items = self._pool.run(self._calls.get_many(keys))
        return {key: item.value for key, item in items.items() if item.found}

    def set(
        self, key: str, value: Any, *, ttl: int | None = None, write: Policy | None = None
    ) -> Latch:
        """Write to every zone; return when the policy is met, cannot be, or time is spent.

        Raises:
            TypeError: a value of a type that cannot be cached.
            ValueError: a value that would not come back equal, or a `ttl` that is not allowed.
        """
        return self._latch(self._calls.set(key, value, ttl, write))

    def add(
        self, key: str, value: Any, *, ttl: int | None = None, write: Policy | None = None
    ) -> Latch:
        """Write in each zone that has nothing under the key. Zones decide alone: it is no lock."""
        return self._latch(self._calls.add(key, value, ttl, write))

    def delete(self, key: str, *, write: Policy | None = None) -> Latch:
        """Delete in every zone; a zone that has nothing acknowledges too."""
        return self._latch(self._calls.delete(key, write))

    def touch(self, key: str, ttl: int | None = None, *, write: Policy | None = None) -> Latch:
        """Give a new time to live in every zone; one that has nothing does not acknowledge."""
        return self._latch(self._calls.touch(key, ttl, write))

    def get_or_compute(
        self,
        key: str,
        function: Callable[[], R],
        ttl: int | None = None,
        *,
        stale_ttl: int | None = None,
    ) -> R:
        """The value under a key, or that of `function`, which one caller in a zone calls.

        For `ttl` seconds the value is fresh, for `stale_ttl` more it is stale: then one caller
        computes it anew and all others take the stale one. Where there is no value they wait
        for the winner, at most 10 s. Errors of the cache are never raised: they mean to compute.

        Raises:
            Exception: whatever `function` raises, unchanged; also for those who waited for it.
            DeadlineExceededError: `deadline` was spent before `function` was called.
        """
        plan = self._calls.get_or_compute(key, function, ttl, stale_ttl)
        value: R = self._pool.run(plan).result()
        return value

    def cached(
        self,
        *,
        ttl: int | None = None,
        stale_ttl: int | None = None,
        key: Callable[P, str] | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function: `get_or_compute` by its arguments.

        Args:
            ttl: seconds a value is fresh.
            stale_ttl: seconds more that it is served while one caller computes it anew.
            key: makes the key of a call; None takes `name` and the arguments, which then are
                str, int, bool, None, bytes, float or tuples of them.
            name: what the function is called in the cache; None takes ``module.qualname``.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            if iscoroutinefunction(function):
                raise TypeError(f"{function.__qualname__} is async: decorate it by AsyncEVCache")
            keyed = self._calls.keyer(function, key, name)

            @wraps(function)
            def call(*args: P.args, **kwargs: P.kwargs) -> R:
                bound = partial(function, *args, **kwargs)
                return self.get_or_compute(keyed(*args, **kwargs), bound, ttl, stale_ttl=stale_ttl)

            return call

        return decorate

    def close(self) -> None:
        """Close all connections. The cache can be used again; it opens new ones."""
        self._pool.close()

    def __enter__(self) -> EVCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _latch(self, plan: Plan[Votes]) -> Latch:
        return Latch(self._pool.run(plan), self._calls.settle, self._pool.run)
