"""One call on its way through the parts, without I/O: what to do next, and what came of it.

The two shells in `command` do what it says: call, sleep, call the fallback. Order of the parts,
outermost first: fallback, deadline, retry, circuit and counts, bulkhead, timeout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hystrixpy.context import bound, may_retry
from hystrixpy.errors import (
    BadRequestError,
    BulkheadFullError,
    CircuitOpenError,
    CommandTimeoutError,
    FallbackFailedError,
)
from hystrixpy.events import NO_UNIT, EventType, Unit, tell
from hystrixpy.gates.circuit import Ticket

if TYPE_CHECKING:
    from hystrixpy._core import Core
    from hystrixpy.wraps.fallback import Fallback
    from hystrixpy.wraps.retry import Attempts

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """What came of one call.

    Attributes:
        value: what the call or its fallback returned; None when there is an error.
        error: what the call would have raised; None when it returned.
        events: Hystrix's event names in the order they happened; none when a deadline was spent
            before the first attempt and there was no fallback.
        latency: seconds from entry to answer, pauses and fallback included.
        attempts: how often the function was called.
    """

    value: T | None
    error: BaseException | None
    events: tuple[EventType, ...]
    latency: float
    attempts: int


class Run:
    """One call. `answered` says that neither another attempt nor a fallback is to follow."""

    def __init__(
        self,
        core: Core,
        fallback: Fallback | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        hard: bool,
    ) -> None:
        self.core = core
        self.fallback = fallback
        self.args = args
        self.kwargs = kwargs
        self.hard = hard
        self.started = self.at = core.now()
        self.outer = bound.get()
        self.limit = self.outer
        self.ticket: Ticket | None = None
        self.attempts = 0
        self.events: list[EventType] = []
        self.value: Any = None
        self.error: BaseException | None = None
        self.judged = False
        self.answered = False
        self.refused = False
        self.retrying: Attempts | None = None
        self.unit = NO_UNIT
        self._start()

    def _start(self) -> None:
        registry = self.core.registry
        if registry.observer is not None:
            if registry.trace is not None:
                self.unit = Unit.start(registry.trace, registry.random)
            config = self.core.config
            fields = {"command": config.name, "group": config.group}
            at = registry.clock.wall()
            tell(registry.observer, "hystrixpy.command_started", at, self.unit, fields)

    def resume(
        self,
        generation: int,
        started: float,
        limit: float,
        outer: float,
        value: Any,
        bad: bool,
        error: BaseException | None,
        expired: bool,
    ) -> BaseException | None:
        """Take over a first attempt that the fused path made; an error returned is to pass."""
        self.ticket = Ticket(generation)
        self.started = self.at = started
        self.limit = limit
        self.outer = outer
        self.attempts = 1
        if error is None:
            self.returned(value, bad)
        elif self.failed(error, expired):
            self.stop()
            return error
        return None

    def admit(self) -> bool:
        """Ask the gates for an attempt; False leaves the refusal in `error`."""
        core, now = self.core, self.core.now()
        self.limit = min(self.outer, now + core.config.time_limit)
        if self.limit <= now:
            self._refuse(CommandTimeoutError(core.config.name))
            return False
        ticket = core.admit(now)
        if not isinstance(ticket, Ticket):
            self.events.append("SHORT_CIRCUITED")
            self._refuse(CircuitOpenError(core.config.name, ticket))
        elif not core.bulkhead.admit():
            self._record(ticket, "SEMAPHORE_REJECTED", now)
            limit = core.bulkhead.limit
            self._refuse(BulkheadFullError(core.config.name, core.bulkhead.in_use, limit))
        else:
            self.ticket = ticket
            self.at = now
            self.attempts += 1
            bound.set(self.limit)
        core.announce(self.unit)
        return not self.refused

    def _refuse(self, error: Exception) -> None:
        self.refused = True
        if self.attempts == 0:  # after an attempt its own failure says more
            self.error = error

    def _record(self, ticket: Ticket, event: EventType, now: float) -> None:
        self.events.append(event)
        taken = now - self.at
        timeout = self.core.config.timeout
        # A deadline ended it before half its own time was up. A caller in a hurry says nothing of
        # what is called, and must not open its circuit for everybody.
        hurried = event == "TIMEOUT" and timeout is not None and taken < timeout / 2
        self.core.record(ticket, event, now, taken, excused=hurried)
        self.core.announce(self.unit)

    def _leave(self, error: BaseException | None = None) -> float:
        self.core.give(None)
        # A coroutine that is thrown away is closed from a context that never saw the bound.
        if not isinstance(error, GeneratorExit):
            bound.set(self.outer)
        return self.core.now()

    def returned(self, value: Any, bad: bool) -> None:
        """The attempt returned; `bad` is what `is_failure=` thinks of the value."""
        now = self._leave()
        assert self.ticket is not None  # noqa: S101
        late = now >= self.limit
        self._record(self.ticket, "TIMEOUT" if late else "FAILURE" if bad else "SUCCESS", now)
        self.value, self.error = value, None
        self.judged = bad
        if late and self.core.config.late == "fallback" and not self.hard:
            self.value, self.error = None, self._timeout_error(None)
        elif not bad:
            self.answered = True

    def failed(self, error: BaseException, expired: bool = False) -> bool:
        """The attempt raised. True: whoever holds the error must let it pass as it is.

        Args:
            error: what it raised.
            expired: a hard timeout ended it.
        """
        now = self._leave(error)
        assert self.ticket is not None  # noqa: S101
        if not isinstance(error, Exception):
            self._record(self.ticket, "CANCELLED", now)
            self.answered = True
            return True
        self.value, self.judged = None, False
        self.error = error
        if isinstance(error, BadRequestError):
            self._record(self.ticket, "BAD_REQUEST", now)
            self.answered = True
        elif expired or now >= self.limit:
            self._record(self.ticket, "TIMEOUT", now)
            if self.hard or self.core.config.late == "fallback":
                self.error = self._timeout_error(error)
            elif isinstance(error, CommandTimeoutError) and error.command is None:
                error.command, error.timeout = self.core.config.name, self.limit - self.at
        else:
            self._record(self.ticket, "FAILURE", now)
        return False

    def _timeout_error(self, cause: BaseException | None) -> CommandTimeoutError:
        error = CommandTimeoutError(self.core.config.name, self.limit - self.at)
        error.__cause__ = cause
        return error

    def pause(self) -> float | None:
        """Seconds until the next attempt; None when there is none.

        A refusal is final (a bulkhead refuses at once, or it would be a queue), and so are an
        open circuit, an empty budget, a pause that outlasts the deadline, and `without_retries`.
        """
        core = self.core
        if self.answered or self.refused or core.retry is None or not may_retry.get():
            return None
        if self.retrying is None:
            self.retrying = core.retry.begin()
        pause = self.retrying.pause(self.error, self.value)
        now = core.now()
        if pause is None or now + pause >= self.outer or not core.spend_retry(now):
            return None
        return pause

    def begin_fallback(self) -> Fallback | None:
        """The fallback to call now; None when there is nothing to call."""
        if self.answered:
            return None
        if self.fallback is None:
            if self.error is not None:
                self._count("FALLBACK_MISSING")
            return None
        slots = self.core.fallback_bulkhead
        if self.fallback.takes_slot and not slots.admit():
            self._count("FALLBACK_REJECTION")
            name = self.core.config.name
            full = BulkheadFullError(name, slots.in_use, slots.limit, "fallback_max_concurrent")
            self._give_up(full)
            return None
        return self.fallback

    def fell_back(self, value: Any) -> None:
        """The fallback answered."""
        self._leave_fallback()
        self._count("FALLBACK_SUCCESS")
        self.value, self.error = value, None

    def fallback_failed(self, error: BaseException) -> bool:
        """The fallback raised. True: let the error pass as it is."""
        self._leave_fallback()
        if not isinstance(error, Exception):
            return True
        self._count("FALLBACK_FAILURE")
        self._give_up(error)
        return False

    def _leave_fallback(self) -> None:
        if self.fallback is not None and self.fallback.takes_slot:
            self.core.fallback_bulkhead.give(None)

    def _count(self, event: EventType) -> None:
        self.events.append(event)
        self.core.count(event)

    def _give_up(self, fallback_error: Exception) -> None:
        cause = self.error
        self.value = None
        self.error = FallbackFailedError(self.core.config.name, cause, fallback_error)
        self.error.__cause__ = cause or fallback_error

    def stop(self) -> None:
        """The call is over, in whatever way."""
        registry = self.core.registry
        if registry.observer is not None:
            config = self.core.config
            fields = {
                "command": config.name,
                "group": config.group,
                "events": list(self.events),
                "ms": (self.core.now() - self.started) * 1000,
                "attempts": self.attempts,
                "state": str(self.core.circuit.state),
            }
            at = registry.clock.wall()
            tell(registry.observer, "hystrixpy.command_stopped", at, self.unit, fields)
        self.unit.stop(registry.trace)

    def result(self) -> Any:
        """The value, or the error raised."""
        if self.error is None:
            return self.value
        # The error's traceback holds this frame: it must not hold the error in return.
        error, self.error = self.error, None
        try:
            raise error
        finally:
            del error

    def outcome(self) -> Outcome[Any]:
        """The same as data."""
        return Outcome(
            value=self.value,
            error=self.error,
            events=tuple(self.events),
            latency=self.core.now() - self.started,
            attempts=self.attempts,
        )
