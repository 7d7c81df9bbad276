"""Every error of zuulpy.

ZuulError
├── ConfigError (ValueError)         a route, origin or gateway.toml value that cannot work
├── TomlError                        a gateway.toml that cannot work
├── HeaderError (ValueError)         a header name or value that would break the message's framing
├── RequestLineError (ValueError)    a method or target that would break the request's framing
├── FramingError                     a peer sent bytes that are not one clear HTTP/1.1 message
├── BodyNotReadError                 .body of a response whose body is still arriving
├── BodyTooLargeError                a body did not fit under its cap
└── OriginError                      an origin gave no usable answer
    ├── NoServerError                no server is known
    ├── BusyError                    every server is at max_per_server
    ├── ConnectError                 no connection; nothing was sent
    ├── ResetError (ConnectionError) the connection died before the answer was whole
    ├── ProtocolError                the answer was not HTTP/1.1
    ├── TryTimeoutError (TimeoutError)   one try took longer than try_timeout
    └── DeadlineError (TimeoutError)     the total time or the caller's deadline is spent
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zuulpy.status import StatusCategory

if TYPE_CHECKING:
    from pathlib import Path

    from zuulpy.message import RequestAttempt


class ZuulError(Exception):
    """Base of everything zuulpy raises on purpose."""


class ConfigError(ZuulError, ValueError):
    """A setting that cannot work: `key`, the `value` given, and what is `allowed`."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(f"{key} = {value!r}: allowed is {allowed}")
        self.key = key
        self.value = value
        self.allowed = allowed


class TomlError(ZuulError):
    """A gateway.toml that cannot work: the `file`, and one line that says why."""

    def __init__(self, file: Path, complaint: str) -> None:
        super().__init__(f"{file}: {complaint}")
        self.file = file


class HeaderError(ZuulError, ValueError):
    """A header `name` or `value` with characters that HTTP does not allow (RFC 9110 5.5, 5.6.2)."""

    def __init__(self, name: object, value: object = None) -> None:
        super().__init__(f"not a valid header: {name!r}: {value!r}")
        self.name = name
        self.value = value


class RequestLineError(ZuulError, ValueError):
    """A request's `part`, "method" or "target", with a `value` that is none (RFC 9112 3)."""

    def __init__(self, part: str, value: object) -> None:
        super().__init__(f"not a valid {part}: {value!r}")
        self.part = part
        self.value = value


class FramingError(ZuulError):
    """Bytes that are not one clear message: answer `status`, for this `reason`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    @property
    def category(self) -> StatusCategory:
        """Group of the answer, as Zuul names it."""
        if self.status == 431:
            return StatusCategory.FAILURE_LOCAL_HEADER_FIELDS_TOO_LARGE
        if self.status == 408:
            return StatusCategory.FAILURE_CLIENT_TIMEOUT
        return StatusCategory.FAILURE_CLIENT_BAD_REQUEST


class BodyNotReadError(ZuulError):
    """The body is still arriving: `await response.read()` first."""

    def __init__(self) -> None:
        super().__init__("the body is still arriving: await response.read() first")


class BodyTooLargeError(ZuulError):
    """A body is longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"body over {limit} bytes")
        self.limit = limit


class OriginError(ZuulError):
    """No usable answer from `origin`; `server` is the last "host:port" asked, None if none was.

    `attempts` has one `RequestAttempt` for each try. `status` and `category` are what a gateway
    answers with; `blames` says whether the server is avoided for a while because of it.
    """

    status: ClassVar[int] = 502
    category: ClassVar[StatusCategory] = StatusCategory.FAILURE_ORIGIN_CONNECTIVITY
    blames: ClassVar[bool] = True

    def __init__(self, origin: str, server: str | None, message: str) -> None:
        super().__init__(f"origin {origin!r}: {message}" + (f" ({server})" if server else ""))
        self.origin = origin
        self.server = server
        self.message = message
        self.attempts: tuple[RequestAttempt, ...] = ()


class NoServerError(OriginError):
    """No server of the origin is known."""

    status = 503
    category = StatusCategory.FAILURE_ORIGIN_NO_SERVERS
    blames = False


class BusyError(OriginError):
    """Every server of the origin has max_per_server requests in flight."""

    status = 503
    category = StatusCategory.FAILURE_LOCAL_THROTTLED_ORIGIN_SERVER_MAXCONN
    blames = False


class ConnectError(OriginError):
    """No connection could be made in connect_timeout; not a byte was sent."""


class ResetError(OriginError, ConnectionError):
    """The connection ended before the answer was whole."""

    category = StatusCategory.FAILURE_ORIGIN_RESET_CONNECTION


class ProtocolError(OriginError):
    """The origin's answer is not one clear HTTP/1.1 message."""

    category = StatusCategory.FAILURE_ORIGIN


class TryTimeoutError(OriginError, TimeoutError):
    """One try had no answer within try_timeout."""

    status = 504
    category = StatusCategory.FAILURE_ORIGIN_READ_TIMEOUT


class DeadlineError(OriginError, TimeoutError):
    """The origin's total timeout or the caller's deadline is spent."""

    status = 504
    category = StatusCategory.FAILURE_ORIGIN_READ_TIMEOUT
    blames = False
