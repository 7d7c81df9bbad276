"""The HTTP/1.1 an appliance speaks, without any I/O: request heads, ranges, answer heads.

Follows RFC 9112 (messages) and RFC 9110 section 14 (ranges), and of both only what a server of
read-only files needs: no request bodies, one range at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from .errors import BadRequestError

MAX_HEAD = 8192
"""Bytes of request line and headers together."""

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/(\d)\.(\d)")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*?)[ \t]*")
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request head. Header names are lower case; `path` is decoded and has no query."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    keep_alive: bool = True


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` to `stop`, exclusive."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.stop - self.start


NOTHING = ByteRange(0, 0)


def parse_head(data: bytes) -> Request:
    """Read a head that ends with an empty line; `BadRequestError` carries the status to answer."""
    line, *rest = data.removesuffix(b"\r\n\r\n").lstrip(b"\r\n").split(b"\r\n")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequestError(400, "The request line cannot be read.")
    method, target, major, minor = match.groups()
    if major != b"1":
        raise BadRequestError(505, "Only HTTP/1.1 is spoken here.")
    headers = _headers(rest)
    if minor != b"0" and "host" not in headers:
        raise BadRequestError(400, "The Host header is missing.")
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise BadRequestError(413, "A request here has no body.")
    options = {word.strip().lower() for word in headers.get("connection", "").split(",")}
    return Request(
        method=method.decode(),
        path=_path(target),
        headers=headers,
        keep_alive="keep-alive" in options if minor == b"0" else "close" not in options,
    )


def _headers(lines: Iterable[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadRequestError(400, "A header line cannot be read.")
        name, value = match[1].decode().lower(), match[2].decode("latin-1")
        if name in headers:
            if name in ("host", "content-length"):
                raise BadRequestError(400, f"The header {name} stands there twice.")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _path(target: bytes) -> str:
    if not target.startswith(b"/") and target != b"*":
        raise BadRequestError(400, "The request target must be a path.")
    try:
        return unquote_to_bytes(target.partition(b"?")[0]).decode()
    except UnicodeDecodeError as error:
        raise BadRequestError(400, "The path is not UTF-8.") from error


def parse_range(value: str | None, size: int) -> ByteRange | None:
    """The part of `size` bytes that a Range header asks for.

    None is the whole: no header, a unit or form that is not known, or several ranges, all of which
    RFC 9110 lets a server ignore. `NOTHING` cannot be satisfied: 416.
    """
    match = _RANGE.fullmatch(value) if value else None
    if match is None or match.group(1, 2) == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return ByteRange(size - length, size) if length else NOTHING
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < start:
        return None
    return ByteRange(start, stop) if start < size else NOTHING


def render_head(status: int, headers: Iterable[tuple[str, str]], *, keep_alive: bool) -> bytes:
    """The answer's head, ready to send."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if not keep_alive:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
