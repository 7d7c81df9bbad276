"""What an appliance answers to a request head; sending it is the shell's work.

A playback address is `/v/<segment>/<title>/<file>`. The order of checks is the order of trust: the
signature first, then whether the viewer is in a prefix that this appliance announces, then the
file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import AddressError, SignatureError
from .http1 import NOTHING, ByteRange, Request, parse_range
from .networks import Site, best_route, parse_address
from .shelf import OpenFile, Shelf
from .signing import Claims, verify

METHODS = "GET, HEAD, OPTIONS"

_CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "x-oca, content-range, content-length"),
    ("timing-allow-origin", "*"),
)
_PREFLIGHT = (
    ("access-control-allow-methods", METHODS),
    ("access-control-allow-headers", "range, if-range"),
    ("access-control-max-age", "7200"),
)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers, and a body: either some bytes or a span of an open file."""

    status: int
    headers: Headers
    body: bytes = b""
    file: OpenFile | None = None
    span: ByteRange = NOTHING
    claims: Claims | None = None
    """Of the playback address, once it is checked."""
    is_media: bool = False
    """The body is film: a segment, and neither a playlist nor an initialisation."""


class Desk:
    """Answers for one appliance."""

    def __init__(self, site: Site, secret: str, shelf: Shelf) -> None:
        self._site, self._secret, self._shelf = site, secret, shelf
        self._headers: Headers = (("x-oca", site.name), *_CORS)

    def answer(self, request: Request, now: float) -> Answer:
        """The answer at `now` (unix seconds). A file in it is open and the caller's to close."""
        if request.method == "OPTIONS":
            return Answer(status=204, headers=(*self._headers, *_PREFLIGHT))
        if request.method not in ("GET", "HEAD"):
            allow = (("allow", METHODS),)
            return self.error(405, "method_not_allowed", "Films can only be read.", more=allow)
        if request.path == "/healthz":
            titles = len(self._shelf.titles)
            return self._json(
                200, {"name": self._site.name, "zone": self._site.zone, "titles": titles}
            )
        parts = request.path.split("/")
        if len(parts) != 5 or parts[1] != "v":
            return self.error(404, "not_found", "There is nothing at this address.")
        return self._film(request, *parts[2:], now=now)

    def error(
        self,
        status: int,
        code: str,
        message: str,
        *,
        claims: Claims | None = None,
        more: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """An answer in the one shape of errors; the trace is the play's, where it is known."""
        parent = claims.traceparent if claims else None
        trace = parent.split("-")[1] if parent and parent.count("-") == 3 else None
        error = {"code": code, "message": message, "trace": trace}
        return self._json(status, {"error": error}, more=more)

    def _film(self, request: Request, segment: str, title: str, name: str, *, now: float) -> Answer:
        try:
            claims = verify(self._secret, segment, title, now)
            route = best_route(parse_address(claims.address), self._site.routes)
        except SignatureError as error:
            return self.error(403, f"signature_{error.reason}", str(error))
        except AddressError as error:
            return self.error(403, "not_announced", f"The viewer cannot be placed: {error}.")
        if route is None:
            message = f"{claims.address} is in no network that {self._site.name} announces."
            return self.error(403, "not_announced", message, claims=claims)
        found = self._shelf.open(title, name)
        if found is None:
            message = f"{self._site.name} has no {title}/{name}."
            return self.error(404, "not_found", message, claims=claims)
        return self._file(request, found, claims, is_media=name.endswith(".m4s"))

    def _file(self, request: Request, found: OpenFile, claims: Claims, *, is_media: bool) -> Answer:
        span = self._span(request, found)
        whole = ByteRange(0, found.size)
        if span is not None and not span.length:
            found.file.close()
            more = (("content-range", f"bytes */{found.size}"),)
            message = f"The file has {found.size} bytes."
            return self.error(416, "range_not_satisfiable", message, claims=claims, more=more)
        part = span or whole
        headers = [
            ("content-type", found.content_type),
            ("content-length", str(part.length)),
            ("accept-ranges", "bytes"),
            ("etag", found.etag),
            # The address dies with the session, so that a stored copy would never be found again.
            ("cache-control", "private, no-store"),
        ]
        if span is not None:
            headers.append(("content-range", f"bytes {part.start}-{part.stop - 1}/{found.size}"))
        return Answer(
            status=200 if span is None else 206,
            headers=(*self._headers, *headers),
            file=found,
            span=part,
            claims=claims,
            is_media=is_media,
        )

    def _span(self, request: Request, found: OpenFile) -> ByteRange | None:
        # RFC 9110: a range counts for GET only, and not when If-Range names another version.
        if request.method != "GET" or request.headers.get("if-range", found.etag) != found.etag:
            return None
        return parse_range(request.headers.get("range"), found.size)

    def _json(self, status: int, data: object, *, more: Iterable[tuple[str, str]] = ()) -> Answer:
        body = json.dumps(data, ensure_ascii=False).encode()
        headers = (
            *self._headers,
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
            *more,
        )
        return Answer(status=status, headers=headers, body=body)
