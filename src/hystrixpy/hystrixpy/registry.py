"""The commands of this process, and who watches them.

One circuit and one metrics object per command key, process-wide; other processes of a service
have their own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hystrixpy._clock import Clock
from hystrixpy.errors import ConfigError

if TYPE_CHECKING:
    from random import Random

    from hystrixpy._core import Key
    from hystrixpy.command import CommandFunction
    from hystrixpy.events import Observer, TraceVar


class Registry:
    """Every command key, with the clock, the randomness and the observer they share."""

    def __init__(self, clock: Clock, random: Random | None = None) -> None:
        self.clock = clock
        self._random = random
        self.observer: Observer | None = None
        self.trace: TraceVar | None = None
        self._own: dict[str, Key] = {}
        self._guests: dict[str, Key] = {}

    @property
    def random(self) -> Random:
        """Jitter and span ids; the system's, so that a forked process does not repeat them."""
        if self._random is None:
            from random import SystemRandom  # a fifth of the import time, and few need it

            self._random = SystemRandom()
        return self._random

    def add(self, key: Key, *, named: bool) -> Key:
        """Register a key; a second one of the same name and settings is the first one.

        Raises:
            ConfigError: the name is taken by a command with other settings, or nobody chose it.
        """
        with _lock:
            first = self._own.get(key.config.name)
            if first is None:
                self._own[key.config.name] = key
                key.bind(self)
                return key
        if not named and not key.is_reload_of(first):
            raise ConfigError(
                f"{key.config.name}: built twice, at {first.place} and at {key.place}; "
                "give one of them a name= of its own"
            )
        if first.config != key.config:
            raise ConfigError(
                f"{key.config.name}: used twice with different settings, at {first.place} "
                f"and at {key.place}"
            )
        return first

    def adopt(self, keys: list[Key]) -> None:
        """Give commands that were built outside a fresh circuit and fresh counts in here."""
        for key in keys:
            key.bind(self)
            self._guests[key.config.name] = key

    def entries(self) -> list[Key]:
        """All keys; one added in here hides one of the same name from outside."""
        return list({**self._guests, **self._own}.values())

    def instrument(self, observer: Observer | None, trace: TraceVar | None) -> None:
        """Set who is told, and let every command know whether somebody is."""
        with _lock:
            self.observer = observer
            self.trace = trace
            for key in {*self._guests.values(), *self._own.values()}:
                key.core.refresh()


_lock = threading.RLock()
_current = Registry(Clock())


def current() -> Registry:
    """The registry that new commands go to."""
    return _current


def commands() -> tuple[CommandFunction[Any, Any, Any], ...]:
    """Every command of this process, in the order they were built."""
    return tuple(key.function for key in _current.entries())


def instrument(observer: Observer | None = None, *, trace: TraceVar | None = None) -> None:
    """Tell `observer` of every call and every transition in this process.

    Args:
        observer: called in the thread or task of the call; None ends it.
        trace: the variable that holds the current W3C traceparent. A call reads its parent from
            it and is itself the current span until it stops. Without it events carry no ids.
    """
    _current.instrument(observer, trace)


@contextmanager
def isolated(*, clock: Clock | None = None, random: Random | None = None) -> Iterator[None]:
    """A registry of its own for the block, for tests: no counts, no open circuit, no observer.

    Commands that were built before take part with fresh state and get the old one back at the
    end. The switch is for the whole process, not for one thread.

    Args:
        clock: the time commands see inside; default the real one. See `testing.FakeClock`.
        random: where jitter and span ids come from; default the system.
    """
    global _current
    with _lock:
        outer = _current
        kept = [(key, key.core) for key in outer.entries()]
        _current = Registry(clock or Clock(), random)
        _current.adopt([key for key, _ in kept])
    try:
        yield
    finally:
        with _lock:
            _current = outer
            for key, core in kept:
                key.core = core
                core.refresh()
