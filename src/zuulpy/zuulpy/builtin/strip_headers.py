"""Headers that must not pass."""

from __future__ import annotations

from collections.abc import Callable

from zuulpy.message import Request, Response


def strip_headers(*names: str) -> Callable[[Request | Response], None]:
    """A filter, inbound or outbound, that removes the headers `names` (in any case)."""
    gone = frozenset(name.lower() for name in names)

    def strip_headers(message: Request | Response) -> None:
        message.headers.discard(gone)

    return strip_headers
