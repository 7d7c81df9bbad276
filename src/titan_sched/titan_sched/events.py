"""What can be observed: one record, handed to a callable that the application gives.

Pairs of a unit of work: ``titan_sched.task_started`` and ``titan_sched.task_stopped`` (fields job,
task, zone, agent; stopped adds reason and ms). Points: ``titan_sched.task_failed`` (a task that
ended before it was Started), ``titan_sched.agent_joined`` and ``titan_sched.agent_lost``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        name: ``titan_sched.task_started`` and so on.
        at: unix seconds when it happened.
        trace: 32 hex digits of the W3C trace, or None.
        span: 16 hex digits of this unit of work, or None.
        parent: 16 hex digits of the span above, or None.
        fields: the data; ``*_stopped`` events carry ``ms``, their duration.
    """

    name: str
    at: float
    trace: str | None
    span: str | None
    parent: str | None
    fields: Mapping[str, object]


Observer = Callable[[Event], None]


def notify(observer: Observer | None, name: str, at: float, fields: Mapping[str, object]) -> None:
    """Hand an event to the observer; an observer that raises is logged and breaks nothing."""
    if observer is None:
        return
    try:
        observer(Event(name=name, at=at, trace=None, span=None, parent=None, fields=fields))
    except Exception:
        # Only here, so that importing the package does not import logging.
        import logging

        logging.getLogger("titan_sched").exception("observer of %s raised", name)
