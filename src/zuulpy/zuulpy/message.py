"""Requests, responses and their headers, as filters, endpoints and origins see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, overload

from zuulpy.errors import BodyNotReadError, HeaderError, RequestLineError
from zuulpy.paths import normalise
from zuulpy.status import StatusCategory

if TYPE_CHECKING:
    from zuulpy.wire.stream import BodyStream

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(r"[\x21-\x7e]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

T = TypeVar("T")

HeaderSource = Mapping[str, str] | Iterable[tuple[str, str]]


class Headers(MutableMapping[str, str]):
    """Header fields in order, names without case; a repeated name reads as one joined by ", ".

    Names and values are checked as they are set (`HeaderError`), so that no value can start a
    header or a message of its own.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: HeaderSource = ()) -> None:
        self._fields: list[tuple[str, str]] = []
        for name, value in fields.items() if isinstance(fields, Mapping) else fields:
            self.add(name, value)

    @classmethod
    def parsed(cls, fields: list[tuple[str, str]]) -> Headers:
        """Headers over a list that the wire has checked already: names in lower case."""
        headers = cls.__new__(cls)
        headers._fields = fields
        return headers

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Every (lower-case name, value) in order, repeated ones apart."""
        return tuple(self._fields)

    def add(self, name: str, value: str) -> None:
        """Append a field beside others of its name."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise HeaderError(name, value)
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise HeaderError(name, value)
        self._fields.append((name.lower(), value.strip(" \t")))

    def get_all(self, name: str) -> list[str]:
        """Every value of `name`, in order (what `set-cookie` needs)."""
        name = name.lower()
        return [value for key, value in self._fields if key == name]

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str | T) -> str | T: ...
    def get(self, name: str, /, default: str | T | None = None) -> str | T | None:
        """The value of `name`, else `default`. Every filter asks: no exception on the way."""
        values = self.get_all(name)
        if not values:
            return default
        return values[0] if len(values) == 1 else ", ".join(values)

    def replace(self, names: Container[str], fields: list[tuple[str, str]]) -> None:
        """Remove `names` and append `fields`: lower-case names, values that need no check."""
        self._fields = [field for field in self._fields if field[0] not in names] + fields

    def discard(self, names: Container[str]) -> None:
        """Remove every field whose lower-case name is in `names`."""
        self._fields = [field for field in self._fields if field[0] not in names]

    def copy(self) -> Headers:
        """An independent copy."""
        return Headers.parsed(list(self._fields))

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: str) -> None:
        before = len(self._fields)
        self.add(name, value)
        field = self._fields[-1]
        self._fields = [other for other in self._fields[:before] if other[0] != field[0]]
        self._fields.append(field)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.discard((name.lower(),))

    def __contains__(self, name: object) -> bool:
        name = name.lower() if isinstance(name, str) else name
        for key, _ in self._fields:  # noqa: SIM110 - a generator costs three times as much
            if key == name:
                return True
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._fields))

    def __len__(self) -> int:
        return len(dict(self._fields))

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"


class Request:
    """A request: from a client to a filter or endpoint, or from your code to an `Origin`.

    `target` is path and query as sent ("/a?b=c"), `body` bytes (str is sent as UTF-8), `remote`
    the client's address or "", `deadline` a callable of seconds left (None: no limit). Method and
    target are checked as they are set (`RequestLineError`), like header fields.
    """

    __slots__ = ("_method", "_path", "_target", "body", "deadline", "headers", "remote")

    def __init__(
        self,
        method: str,
        target: str,
        headers: HeaderSource = (),
        body: bytes | str = b"",
        *,
        remote: str = "",
        deadline: Callable[[], float | None] | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.body = body.encode() if isinstance(body, str) else body
        self.remote = remote
        self.deadline = deadline

    @property
    def method(self) -> str:
        """A token; case matters."""
        return self._method

    @method.setter
    def method(self, value: str) -> None:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise RequestLineError("method", value)
        self._method = value

    @property
    def target(self) -> str:
        """Path and query as sent."""
        return self._target

    @target.setter
    def target(self, value: str) -> None:
        if not isinstance(value, str) or not _TARGET.fullmatch(value):
            raise RequestLineError("target", value)
        self._target = value
        self._path: str | None = None

    @property
    def path(self) -> str:
        """Normalised path without the query: what routes are matched by."""
        if self._path is None:
            self._path = normalise(self._target.partition("?")[0])
        return self._path

    @property
    def query(self) -> str:
        """What follows the first "?", as sent, or ""."""
        return self._target.partition("?")[2]

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {self.target!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAttempt:
    """One try at one server of an origin."""

    number: int
    """1 for the first try."""
    origin: str
    server: str
    """Address asked, "host:port"."""
    instance: str
    """The instance's name in the service registry, or its address."""
    zone: str
    """Zone of the server, or ""."""
    status: int | None
    """Status answered; None when there was no answer."""
    error: str | None
    """Name of the error class; None when there was an answer."""
    ms: float
    """Time to the head of the answer, milliseconds."""


class Response:
    """An answer: from a filter or endpoint, or from an origin.

    `attempts` are the tries made at an origin, `attempt` the last one or None; `category` says why
    the request ended so and is set by the gateway; `request` is what was answered.
    """

    __slots__ = ("_body", "attempts", "category", "headers", "request", "status", "stream")

    def __init__(
        self,
        status: int = 200,
        body: bytes | str = b"",
        headers: HeaderSource = (),
        *,
        stream: BodyStream | None = None,
    ) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"status {status} is not that of a final answer, 200 to 599")
        self.status = status
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        if isinstance(body, str):
            body = body.encode()
            if "content-type" not in self.headers:
                self.headers.add("content-type", "text/plain; charset=utf-8")
        self._body = body
        self.stream = stream
        self.attempts: tuple[RequestAttempt, ...] = ()
        self.category: StatusCategory | None = None
        self.request: Request | None = None

    @property
    def attempt(self) -> RequestAttempt | None:
        """The last try at an origin; None when no origin was asked."""
        return self.attempts[-1] if self.attempts else None

    @property
    def body(self) -> bytes:
        """The whole body. Raises `BodyNotReadError` while it is still arriving."""
        if self.stream is not None:
            raise BodyNotReadError
        return self._body

    @body.setter
    def body(self, value: bytes | str) -> None:
        self.close()
        self._body = value.encode() if isinstance(value, str) else value

    async def read(self, limit: int = 16_777_216) -> bytes:
        """Wait for the whole body, at most `limit` bytes, and keep it in `body`."""
        if self.stream is not None:
            self._body = await self.stream.read_all(limit)
            self.stream = None
        return self._body

    def close(self) -> None:
        """Give up a body that is still arriving; its connection is closed."""
        if self.stream is not None:
            self.stream.abort()
            self.stream = None

    def __repr__(self) -> str:
        return f"Response({self.status})"
