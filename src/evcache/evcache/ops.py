"""What a plan may ask of its driver.

A call of the cache is a generator, the plan. It yields these and is resumed when they are done;
it never touches a socket, a thread or a loop. `pool.py` and `links.py` do what it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol, TypeVar

from evcache.groups import Node
from evcache.protocol import Slot

T = TypeVar("T")


class Send:
    """Hand bytes to the connection of a node, opening one where there is none. Never waits."""

    __slots__ = ("data", "node", "slots")

    def __init__(self, node: Node, data: bytes, slots: Sequence[Slot]) -> None:
        self.node = node
        self.data = data
        self.slots = slots


class Receive:
    """Wait until `count` of the slots are settled or one has failed, or until a time.

    The slots are unsettled when it is yielded; `until` is a time of the plan's clock.
    """

    __slots__ = ("count", "slots", "until")

    def __init__(self, slots: Sequence[Slot], until: float, count: int = 1) -> None:
        self.slots = slots
        self.until = until
        self.count = count


class Flush:
    """Wait until what was sent for the slots has left this process, or until a time."""

    __slots__ = ("slots", "until")

    def __init__(self, slots: Sequence[Slot], until: float) -> None:
        self.slots = slots
        self.until = until


class Signal(Protocol):
    """What `threading.Event` and `asyncio.Event` have in common."""

    def set(self) -> None:
        """Wake all who wait."""


class Flight:
    """One computation that others of this process may wait for.

    A flight that is done with neither value nor error was abandoned; who waited tries anew.
    """

    __slots__ = ("done", "error", "signal", "value")

    def __init__(self, signal: Signal) -> None:
        self.signal = signal
        self.done = False
        self.value: tuple[Any] | None = None
        self.error: BaseException | None = None

    @property
    def landed(self) -> bool:
        """Whether there is an outcome for those who waited."""
        return self.value is not None or self.error is not None

    def land(self, value: tuple[Any] | None, error: BaseException | None) -> None:
        """Settle and wake all who wait."""
        self.value = value
        self.error = error
        self.done = True
        self.signal.set()


class Sleep:
    """Wait some seconds, or until a flight is over."""

    __slots__ = ("flight", "seconds")

    def __init__(self, seconds: float, flight: Flight | None) -> None:
        self.seconds = seconds
        self.flight = flight


class Compute:
    """Call the user's function; resume with ``(value, None)`` or ``(None, error)``."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function


Op = Send | Receive | Flush | Sleep | Compute
Plan = Generator[Op, Any, T]
