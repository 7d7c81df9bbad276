"""The caller's deadline: `x-deadline-ms`, whole milliseconds left, lowered at each hop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from zuulpy.answers import failure
from zuulpy.message import Request, Response
from zuulpy.status import StatusCategory

HEADER: Final = "x-deadline-ms"


def read_deadline(
    clock: Callable[[], float] = time.monotonic,
) -> Callable[[Request], Response | None]:
    """Inbound: `request.deadline` from the header; 504 when nothing is left.

    A value that is no number is dropped. A route's timeout still bounds the call: a deadline can
    only shorten it.
    """

    def read_deadline(request: Request) -> Response | None:
        value = request.headers.get(HEADER)
        if value is None:
            return None
        del request.headers[HEADER]
        if not (value.isascii() and value.isdigit() and len(value) <= 10):
            return None
        if int(value) == 0:
            category = StatusCategory.FAILURE_ORIGIN_READ_TIMEOUT
            return failure(504, category, "the deadline is spent")
        expires = clock() + int(value) / 1000
        request.deadline = lambda: expires - clock()
        return None

    return read_deadline
