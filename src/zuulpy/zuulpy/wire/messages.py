"""HTTP/1.1 messages without I/O: bytes in, in any pieces; whole requests or growing answers out."""

from __future__ import annotations

import re
from typing import Final

from zuulpy.config import Limits
from zuulpy.errors import FramingError
from zuulpy.wire.heads import (
    CHUNKED,
    UNTIL_CLOSE,
    RequestHead,
    ResponseHead,
    find_head,
    parse_request_head,
    parse_response_head,
)

_CHUNK_LINE: Final = 280
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})(?:;[\t\x20-\x7e\x80-\xff]{0,256})?")
_TRAILERS: Final = 8192
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_METHOD_START = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z\r]")


class PlainBody:
    """A body of known length, or one that ends with its connection (`UNTIL_CLOSE`)."""

    __slots__ = ("_left", "done")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def take(self, buffer: bytearray) -> bytes:
        """Move the body's bytes out of the front of `buffer`."""
        if self._left == UNTIL_CLOSE or len(buffer) <= self._left:
            chunk = bytes(buffer)
            buffer.clear()
        else:
            chunk = bytes(buffer[: self._left])
            del buffer[: self._left]
        if self._left != UNTIL_CLOSE:
            self._left -= len(chunk)
            self.done = not self._left
        return chunk


class ChunkedBody:
    """A body in chunks (RFC 9112 7.1); extensions are bounded, trailers checked and dropped."""

    __slots__ = ("_left", "_state", "_trailers", "done")

    def __init__(self) -> None:
        self._state = "size"
        self._left = 0
        self._trailers = 0
        self.done = False

    def take(self, buffer: bytearray) -> bytes:
        """Move the body's bytes out of the front of `buffer`, decoded."""
        out = bytearray()
        while not self.done:
            if self._state == "data":
                part = buffer[: self._left]
                del buffer[: len(part)]
                out += part
                self._left -= len(part)
                if self._left:
                    break
                self._state = "end"
            elif self._state == "end":
                if len(buffer) < 2:
                    break
                if buffer[:2] != b"\r\n":
                    raise FramingError(400, "chunk is not followed by CRLF")
                del buffer[:2]
                self._state = "size"
            elif not self._take_line(buffer):
                break
        return bytes(out)

    def _take_line(self, buffer: bytearray) -> bool:
        limit = _CHUNK_LINE if self._state == "size" else _TRAILERS - self._trailers
        end = buffer.find(b"\r\n", 0, limit)
        if end < 0:
            if len(buffer) >= limit:
                raise FramingError(400, "chunk extensions or trailers too long")
            return False
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        if self._state == "size":
            size = _CHUNK.fullmatch(line)
            if size is None:
                raise FramingError(400, "invalid chunk size")
            self._left = int(size[1], 16)
            self._state = "data" if self._left else "trailers"
        elif not line:
            self.done = True
        else:
            if not _TRAILER.fullmatch(line):
                raise FramingError(400, "invalid trailer")
            self._trailers += end + 2
        return True


Body = PlainBody | ChunkedBody


def _body(length: int) -> Body:
    return ChunkedBody() if length == CHUNKED else PlainBody(length)


class RequestReader:
    """Requests out of a client's bytes, each with its whole body, in order.

    After a `FramingError` nothing more can be read: what follows has no clear beginning.
    """

    __slots__ = ("_body", "_buffer", "_head", "_limits", "_parts", "_size", "_skipped")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._head: RequestHead | None = None
        self._body: Body = PlainBody(0)
        self._parts: list[bytes] = []
        self._size = 0
        self._skipped = False

    @property
    def buffered(self) -> int:
        """Bytes that have arrived and were not taken."""
        return len(self._buffer)

    @property
    def phase(self) -> str:
        """What is being waited for: "idle", "head" or "body"."""
        return "body" if self._head else "head" if self._buffer else "idle"

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for 100 Continue before it sends the body."""
        return self._head is not None and self._head.expects_continue and not self._size

    def feed(self, data: bytes) -> None:
        """Add bytes from the client."""
        self._buffer += data

    def take(self) -> tuple[RequestHead, bytes] | None:
        """The next whole request and its body; None until more bytes have come."""
        if self._head is None:
            self._head = self._take_head()
            if self._head is None:
                return None
            self._body = _body(self._head.length)
        part = self._body.take(self._buffer) if not self._body.done else b""
        self._size += len(part)
        if self._size > self._limits.body_bytes:
            raise FramingError(413, f"body over {self._limits.body_bytes} bytes")
        if part:
            self._parts.append(part)
        if not self._body.done:
            return None
        message = self._head, b"".join(self._parts)
        self._head, self._parts, self._size, self._skipped = None, [], 0, False
        return message

    def _take_head(self) -> RequestHead | None:
        buffer = self._buffer
        # One empty line before a request is tolerated (RFC 9112 2.2), a second one is not.
        if not self._skipped and buffer.startswith(b"\r\n"):
            del buffer[:2]
            self._skipped = True
        if not buffer:
            return None
        if not _METHOD_START.match(buffer):
            raise FramingError(400, "bad request line")
        text = find_head(buffer, self._limits.head_bytes)
        if text is None:
            return None
        del buffer[: len(text) + 2]
        return parse_request_head(text, self._limits)


class ResponseReader:
    """One answer to one `method` request, out of an origin's bytes.

    `head` is None until it is whole (1xx heads are swallowed), `done` is set with the last byte of
    the body, `reusable` says whether the connection may then carry another request.
    """

    __slots__ = ("_body", "_buffer", "_interim", "_limits", "_method", "done", "head", "started")

    def __init__(self, method: str, limits: Limits) -> None:
        self._method = method
        self._limits = limits
        self._buffer = bytearray()
        self._body: Body = PlainBody(0)
        self._interim = 0
        self.head: ResponseHead | None = None
        self.done = False
        self.started = False

    @property
    def reusable(self) -> bool:
        """Whether message and connection ended cleanly: a byte too much is an ambiguity."""
        return self.done and not self._buffer and self.head is not None and self.head.keep_alive

    def feed(self, data: bytes) -> bytes:
        """Add bytes from the origin; returns what they add to the body."""
        self.started = True
        self._buffer += data
        while self.head is None:
            text = find_head(self._buffer, self._limits.head_bytes)
            if text is None:
                return b""
            del self._buffer[: len(text) + 2]
            self._accept(parse_response_head(text, self._method, self._limits))
        if self.done:
            return b""
        chunk = self._body.take(self._buffer)
        self.done = self._body.done
        return chunk

    def feed_eof(self) -> None:
        """The origin has closed: the end of a body without length, else an error."""
        if self.head is None or self.head.length != UNTIL_CLOSE:
            raise FramingError(502, "connection closed inside an answer")
        self.done = True

    def _accept(self, head: ResponseHead) -> None:
        if head.status == 101:
            raise FramingError(502, "101 that nobody asked for")
        if head.status < 200:
            self._interim += 1
            if self._interim > 16:
                raise FramingError(502, "too many 1xx answers")
            return
        self.head = head
        self._body = _body(head.length)
        self.done = self._body.done
