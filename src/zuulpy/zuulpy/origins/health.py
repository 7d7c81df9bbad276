"""Whether a server is worth asking: avoided after a failure, tried again by one request. Pure."""

from __future__ import annotations

from typing import Final

FIRST_AVOIDED: Final = 1.0
LONGEST_AVOIDED: Final = 5.0


class Health:
    """One server's record. Times are seconds of one monotonic clock.

    A failure has the server avoided for 1 s, each further one in a row twice as long, up to 5 s.
    After that one request probes it: while that runs the others still avoid it.
    """

    __slots__ = ("_avoided_until", "_failures", "_probing")

    def __init__(self) -> None:
        self._failures = 0
        self._avoided_until = 0.0
        self._probing = False

    def usable(self, now: float) -> bool:
        """Whether a request may be sent at `now` without need."""
        return not self._failures or (not self._probing and now >= self._avoided_until)

    def begin(self, now: float) -> bool:
        """A request is sent; True when it is the probe, which must be passed to `end`."""
        probe = self._failures > 0 and not self._probing and now >= self._avoided_until
        self._probing = self._probing or probe
        return probe

    def end(self, now: float, *, probe: bool, ok: bool | None) -> None:
        """A request has ended; `ok` is None when it says nothing about the server."""
        if probe:
            self._probing = False
        if ok:
            self._failures = 0
        # Requests that were under way together fail together: that is one failure, not many.
        elif ok is False and (not self._failures or now >= self._avoided_until):
            self._failures = min(self._failures + 1, 10)
            span = FIRST_AVOIDED * 2 ** (self._failures - 1)
            self._avoided_until = now + min(LONGEST_AVOIDED, span)
