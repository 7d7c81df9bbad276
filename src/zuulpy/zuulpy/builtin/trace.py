"""Request id and W3C traceparent towards origins; the id also towards the client."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextvars import ContextVar

from zuulpy.message import Request, Response

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_OWN_ID = frozenset(("x-request-id",))
_OWN_TRACE = frozenset(("traceparent",))


def trace_request(
    trace: ContextVar[str | None] | None, bits: Callable[[int], int] = random.getrandbits
) -> Callable[[Request], None]:
    """Inbound: an `x-request-id` (the client's, if it is a plain one) and our own traceparent.

    Without a trace variable a traceparent passes as it came.
    """

    def trace_request(request: Request) -> None:
        if not _ID.fullmatch(request.headers.get("x-request-id", "")):
            request.headers.replace(_OWN_ID, [("x-request-id", f"{bits(64):016x}")])
        if trace is not None and (own := trace.get()):
            request.headers.replace(_OWN_TRACE, [("traceparent", own)])

    return trace_request


def return_request_id(response: Response) -> None:
    """Outbound: tell the client the id under which it is found in logs."""
    request = response.request
    if request is not None and (request_id := request.headers.get("x-request-id")):
        response.headers.replace(_OWN_ID, [("x-request-id", request_id)])
