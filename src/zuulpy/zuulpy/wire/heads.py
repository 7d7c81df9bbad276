"""HTTP/1.1 heads without I/O: text in, checked head out. RFC 9110, RFC 9112.

Strict on purpose: where two servers could read the same bytes as different messages, the message is
refused with its reason (request smuggling lives in what parsers forgive). The rules:

- lines end in CRLF; a bare CR or LF, NUL and other controls, obs-fold, white space before the
  colon and names that are no token are refused (RFC 9112 2.2, 5.1, 5.2);
- Content-Length is digits, once, and never beside Transfer-Encoding; Transfer-Encoding is exactly
  `chunked`, and not in HTTP/1.0; `content_length` and its like are refused (RFC 9112 6.1, 6.3);
- HTTP/1.1 needs one valid Host, which an absolute-form target must agree with (RFC 9112 3.2);
- hop-by-hop fields and those that Connection names are removed, save a few that a client must not
  be able to take away (RFC 9110 7.6.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zuulpy.config import Limits
from zuulpy.errors import FramingError

CHUNKED: Final = -1
"""Length of a body that comes in chunks."""
UNTIL_CLOSE: Final = -2
"""Length of an answer's body that ends with its connection."""

Fields = list[tuple[str, str]]

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - a grammar rule, no secret
_FIELD = re.compile(rf"({_TOKEN}):[ \t]*([\t\x20-\x7e\x80-\xff]*)\r\n")
_FIELDS = re.compile(rf"(?:{_TOKEN}:[\t\x20-\x7e\x80-\xff]*\r\n)*+")
_REQUEST_LINE = re.compile(rf"({_TOKEN}) ([!-~]+) HTTP/([0-9])\.([0-9])\r\n")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)

_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_PLAIN_CONNECTION = frozenset(("", "close", "keep-alive"))
_ALIASES = frozenset(("content_length", "transfer_encoding"))
_KEPT = frozenset(
    (
        *("authorization", "content-length", "forwarded", "host", "via", "x-forwarded-for"),
        *("x-forwarded-host", "x-forwarded-proto", "x-real-ip", "close", "keep-alive"),
    )
)


@dataclass(slots=True)
class RequestHead:
    """A request's head: `fields` without hop-by-hop ones, `length` of the body in bytes."""

    method: str
    target: str
    minor: int
    fields: Fields
    length: int
    keep_alive: bool
    expects_continue: bool


@dataclass(slots=True)
class ResponseHead:
    """An answer's head; `length` is bytes, `CHUNKED` or `UNTIL_CLOSE`."""

    status: int
    fields: Fields
    length: int
    keep_alive: bool


def find_head(buffer: bytearray, limit: int) -> str | None:
    """Text of the head at the start of `buffer`, its last CRLF included; None: not whole yet.

    The buffer is left as it is: the head is `len(text) + 2` bytes of it.
    """
    end = buffer.find(b"\r\n\r\n", 0, limit)
    if end >= 0:
        return buffer[: end + 2].decode("latin-1")
    if len(buffer) >= limit:
        raise FramingError(431, f"head over {limit} bytes")
    # No strict head can follow; waiting for its end would only hold the connection.
    pairs = buffer.count(b"\r\n")
    if buffer.count(b"\n") != pairs or buffer.count(b"\r") - buffer.endswith(b"\r") != pairs:
        raise FramingError(400, "bare CR or LF in the head")
    return None


def parse_request_head(text: str, limits: Limits) -> RequestHead:
    """The request head in `text`. Raises `FramingError` with the first rule that it breaks."""
    line = _REQUEST_LINE.match(text)
    if line is None:
        raise FramingError(400, "bad request line")
    method, target, major, minor_digit = line.groups()
    if major != "1" or minor_digit not in "01":
        raise FramingError(505, "HTTP version is not 1.0 or 1.1")
    minor = int(minor_digit)
    fields = _scan_fields(text, line.end(), limits.head_fields)
    seen = dict(fields)
    repeated = len(seen) != len(fields)
    length, keep_alive = _framing(fields, seen, repeated, minor)
    _check_host(fields, seen.get("host"), repeated, minor)
    if length > limits.body_bytes:
        raise FramingError(413, f"body over {limits.body_bytes} bytes")
    if target[0] != "/" or "#" in target:
        target = _origin_form(method, target, seen.get("host"))
    expects = False
    if "expect" in seen and minor == 1:
        if seen["expect"].lower() != "100-continue":
            raise FramingError(417, "only 100-continue can be expected")
        expects = True
    stripped = _strip(fields, seen)
    if "expect" in seen:
        stripped = [field for field in stripped if field[0] != "expect"]
    length = 0 if length == UNTIL_CLOSE else length
    return RequestHead(method, target, minor, stripped, length, keep_alive, expects)


def parse_response_head(text: str, method: str, limits: Limits) -> ResponseHead:
    """The head of the answer to a `method` request. 1xx heads are parsed as any other."""
    line = _STATUS_LINE.match(text)
    if line is None:
        raise FramingError(502, "bad status line")
    minor, status = int(line[1]), int(line[2])
    fields = _scan_fields(text, line.end(), limits.head_fields)
    seen = dict(fields)
    length, keep_alive = _framing(fields, seen, len(seen) != len(fields), minor)
    if method == "HEAD" or status < 200 or status in (204, 304):
        length = 0
    elif length == UNTIL_CLOSE:
        keep_alive = False
    return ResponseHead(status, _strip(fields, seen), length, keep_alive)


def _scan_fields(text: str, start: int, most: int) -> Fields:
    if not _FIELDS.fullmatch(text, start):
        raise FramingError(400, _complaint(text[start:]))
    fields = [(name.lower(), value.rstrip(" \t")) for name, value in _FIELD.findall(text, start)]
    if len(fields) > most:
        raise FramingError(431, f"over {most} header fields")
    return fields


def _complaint(text: str) -> str:
    """Which rule a block of header lines breaks: only asked once it is known to break one."""
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t"):
            return "folded header line"
        if "\r" in line or "\n" in line:
            return "bare CR or LF in the head"
        if colon and name.rstrip(" \t") != name:
            return "white space before the colon of a header"
        if line and (not colon or not re.fullmatch(_TOKEN, name)):
            return "header name is not a token"
        if not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value):
            return "control character in a header value"
    return "bad header line"


def _framing(
    fields: Fields, seen: Mapping[str, str], repeated: bool, minor: int
) -> tuple[int, bool]:
    """(body length, whether the connection may be used again); UNTIL_CLOSE: none is declared."""
    if not _ALIASES.isdisjoint(seen):
        raise FramingError(400, "underscore alias of a framing header")
    length, coding = seen.get("content-length"), seen.get("transfer-encoding")
    if repeated and sum(name in ("content-length", "transfer-encoding") for name, _ in fields) > 1:
        raise FramingError(400, "repeated Content-Length or Transfer-Encoding")
    keep_alive = minor == 1
    if "connection" in seen:
        tokens = _connection_tokens(fields)
        keep_alive = "close" not in tokens and (minor == 1 or "keep-alive" in tokens)
    if coding is not None:
        if length is not None:
            raise FramingError(400, "Content-Length beside Transfer-Encoding")
        if minor == 0:
            raise FramingError(400, "Transfer-Encoding in HTTP/1.0")
        if coding.lower() != "chunked":
            raise FramingError(400, "Transfer-Encoding other than chunked")
        return CHUNKED, keep_alive
    if length is None:
        return UNTIL_CLOSE, keep_alive
    if not (length.isascii() and length.isdigit() and len(length) <= 15):
        raise FramingError(400, "Content-Length is not a number")
    return int(length), keep_alive


def _check_host(fields: Fields, host: str | None, repeated: bool, minor: int) -> None:
    if host is None:
        if minor == 1:
            raise FramingError(400, "no Host")
        return
    if repeated and sum(name == "host" for name, _ in fields) > 1:
        raise FramingError(400, "repeated Host")
    if not _HOST.fullmatch(host):
        raise FramingError(400, "invalid Host")


def _origin_form(method: str, target: str, host: str | None) -> str:
    """Path and query of a target in absolute form (RFC 9112 3.2.2)."""
    if "#" in target:
        raise FramingError(400, "fragment in the target")
    if target == "*" and method == "OPTIONS":
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or method == "CONNECT":
        raise FramingError(400, "target is not a path")
    authority, rest = absolute.groups()
    if host is not None and authority.lower() != host.lower():
        raise FramingError(400, "target and Host disagree")
    return rest if rest.startswith("/") else "/" + rest


def _connection_tokens(fields: Fields) -> set[str]:
    values = ",".join(value for name, value in fields if name == "connection")
    return {token.strip(" \t").lower() for token in values.split(",")}


def _strip(fields: Fields, seen: Mapping[str, str]) -> Fields:
    """Fields without those that are for this connection alone."""
    if _HOP.isdisjoint(seen):
        return fields
    # `seen` has the last of repeated fields only.
    plain = seen.get("connection", "").lower() in _PLAIN_CONNECTION
    if plain and len(seen) == len(fields):
        return [field for field in fields if field[0] not in _HOP]
    named = _connection_tokens(fields) - _KEPT
    return [field for field in fields if field[0] not in _HOP and field[0] not in named]
