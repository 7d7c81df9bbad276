"""Heads to bytes: framing fields are always our own, never those that came in."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

from zuulpy.message import Request, Response

_REQUEST_FRAMING: Final = frozenset(
    ("connection", "content-length", "transfer-encoding", "expect", "x-attempt", "x-deadline-ms")
)
_RESPONSE_FRAMING: Final = frozenset(("connection", "content-length", "transfer-encoding"))
_WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH"))
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def http_date(at: float) -> str:
    """`at` (unix seconds) as an IMF-fixdate; strftime would follow the locale."""
    t = time.gmtime(at)
    day, month = _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1]
    return (
        f"{day}, {t.tm_mday:02d} {month} {t.tm_year:04d}"
        f" {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} GMT"
    )


def request_bytes(
    request: Request, address: str, *, attempt: int, left: float, traceparent: str | None
) -> bytes:
    """A whole request for an origin, with `left` seconds as its deadline.

    `address` is the Host and `traceparent` the trace of a request that names none itself.
    """
    lines = [f"{request.method} {request.target} HTTP/1.1\r\n"]
    host = False
    traced = traceparent is None
    for name, value in request.headers.fields:
        if name not in _REQUEST_FRAMING:
            lines.append(f"{name}: {value}\r\n")
            host = host or name == "host"
            traced = traced or name == "traceparent"
    if not host:
        lines.insert(1, f"host: {address}\r\n")
    if not traced:
        lines.append(f"traceparent: {traceparent}\r\n")
    if request.body or request.method in _WITH_BODY:
        lines.append(f"content-length: {len(request.body)}\r\n")
    lines.append(f"x-attempt: {attempt}\r\nx-deadline-ms: {max(1, int(left * 1000))}\r\n\r\n")
    return "".join(lines).encode("latin-1") + request.body


def carries_body(method: str, status: int) -> bool:
    """Whether an answer may have a body at all (RFC 9110 6.4.1)."""
    return method != "HEAD" and status not in (204, 304) and status >= 200


def response_head(
    response: Response,
    method: str,
    length: int | None,
    *,
    chunked: bool,
    connection: str,
    date: str,
) -> bytes:
    """Head of an answer to a client.

    `length` is the body's length in bytes or None: then it is `chunked` or ends with the
    connection. `connection` is the value of that field or "" for none.
    """
    status = response.status
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n"]
    dated = False
    declared = None
    for name, value in response.headers.fields:
        if name not in _RESPONSE_FRAMING:
            lines.append(f"{name}: {value}\r\n")
            dated = dated or name == "date"
        elif name == "content-length":
            declared = value
    if not carries_body(method, status):
        # What GET would have had (RFC 9110 8.6), as the origin said it; 204 must not say.
        if status != 204 and (declared is not None or length):
            lines.append(f"content-length: {declared if declared is not None else length}\r\n")
    elif length is not None:
        lines.append(f"content-length: {length}\r\n")
    elif chunked:
        lines.append("transfer-encoding: chunked\r\n")
    if not dated:
        lines.append(f"date: {date}\r\n")
    if connection:
        lines.append(f"connection: {connection}\r\n")
    lines.append("\r\n")
    return "".join(lines).encode("latin-1")
