"""The booth as an ASGI application: its routes, and nothing that decides anything.

Run it in a process of its own, with ``server.BoothServer``; it is one process by design (what it
knows is in its memory).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from . import guard
from .collector import parse_traces
from .console import Console, OrderFailedError
from .errors import AlreadyBrokenError, BoothError, RefusedError, TelemetryError, UnknownFaultError
from .faults import SECONDS
from .hub import Subscription
from .instances import TaskDict
from .page import Page

__all__ = ["booth_app"]

_SMALL = 4 * 1024
_LARGE = 4 * 1024 * 1024
_MAX_SECONDS = 300
_MAX_LINES = 100


def booth_app(
    *,
    token: str,
    peer_token: str,
    dist: Path,
    tasks: Callable[[], Sequence[TaskDict]],
    agents: Callable[[], Sequence[TaskDict]],
    fault: Callable[[str, str, float | None], object],
    restore_zone: Callable[[str], object],
    clock: Callable[[], float],
    allowed_hosts: Collection[str],
    tick: float = 0.5,
) -> Starlette:
    """The operators' console.

    Args:
        token: printed at start; the page exchanges it for a cookie.
        peer_token: what the other processes send as ``x-peer``.
        dist: folder of the built page.
        tasks: the scheduler's tasks as dicts (id job name index zone agent address state pid
            started_at attempts stopped). May block and may raise: it runs in a thread, and the
            booth goes on with what it heard last. The three below likewise.
        agents: its agents as dicts (id zone state pid, and runtime where known).
        fault: ``fault(target, signal, seconds)`` with signal KILL, STOP or CONT; ``zone-b`` is a
            target too; seconds is None for a signal without an end.
        restore_zone: starts the agent of the zone (its letter) again.
        clock: unix seconds.
        allowed_hosts: what Host may be: ``127.0.0.1:7701``, or a bare name for any port.
        tick: seconds between messages of the stream, default 0.5.
    """
    console = Console(
        tasks=tasks,
        agents=agents,
        fault=fault,
        restore_zone=restore_zone,
        clock=clock,
        tick=tick,
    )

    routes = _Routes(console, token, peer_token)
    app = Starlette(
        routes=[*routes.table(), Route("/{path:path}", Page(dist).__call__)],
        middleware=[Middleware(guard.Gate, allowed=allowed_hosts)],
        exception_handlers={BoothError: _booth_error, HTTPException: _http_error},
        lifespan=functools.partial(_running, console),
    )
    app.state.hub = console.hub
    return app


@contextlib.asynccontextmanager
async def _running(console: Console, app: Starlette) -> AsyncIterator[None]:
    running = asyncio.create_task(console.run())
    try:
        yield
    finally:
        console.hub.close()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


class _Routes:
    def __init__(self, console: Console, token: str, peer_token: str) -> None:
        self._console = console
        self._token = token
        self._peer_token = peer_token

    def table(self) -> list[Route]:
        return [
            Route("/booth/session", self.open_session, methods=["POST"]),
            Route("/booth/stream", self.stream),
            Route("/booth/plays/{trace}", self.trace),
            Route("/booth/faults", self.faults),
            Route("/booth/break", self.break_target, methods=["POST"]),
            Route("/booth/restore", self.restore, methods=["POST"]),
            Route("/booth/trace/{which}", self.told),
            Route("/booth/traces", self.lines),
            Route("/booth/{rest:path}", self.nothing),
            Route("/v1/traces", self.collect, methods=["POST"]),
        ]

    async def open_session(self, request: Request) -> Response:
        body = await _object(request)
        guard.check_token(body.get("token"), self._token)
        response = Response(status_code=204, headers={"cache-control": "no-store"})
        response.set_cookie(
            guard.COOKIE,
            guard.session_cookie(self._token),
            path="/booth",
            httponly=True,
            samesite="strict",
        )
        return response

    async def stream(self, request: Request) -> Response:
        guard.check_cookie(request.headers, self._token)
        known = self._console.hub.topics
        asked = request.query_params.get("topics")
        topics = known if asked is None else frozenset(filter(None, asked.split(",")))
        if not topics or topics - known:
            wrong = ", ".join(sorted(topics - known)) or "none"
            message = f"Topics are {', '.join(sorted(known))}; asked for: {wrong}."
            raise RefusedError(400, "unknown_topic", message)
        return _Stream(self._console, topics)

    async def trace(self, request: Request) -> Response:
        guard.check_cookie(request.headers, self._token)
        found = self._console.trace(request.path_params["trace"].lower())
        if found is None:
            raise RefusedError(404, "no_trace", "This trace is not known, or not any more.")
        return _json(found)

    async def faults(self, request: Request) -> Response:
        guard.check_cookie(request.headers, self._token)
        return _json(self._console.catalogue())

    async def break_target(self, request: Request) -> Response:
        self._check_action(request)
        body = await _object(request)
        target, action = body.get("target"), body.get("action")
        seconds = body.get("seconds", SECONDS)
        if not isinstance(target, str) or not isinstance(action, str):
            raise RefusedError(400, "bad_request", "target and action are to be texts.")
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 1 <= seconds <= _MAX_SECONDS
        ):
            raise RefusedError(400, "bad_request", f"seconds is to be 1 to {_MAX_SECONDS}.")
        id = await self._console.break_target(target, action, seconds)
        return _json({"id": id}, status=202)

    async def restore(self, request: Request) -> Response:
        self._check_action(request)
        await self._console.restore()
        return _json({}, status=202)

    async def told(self, request: Request) -> Response:
        guard.check_peer(request.headers, self._peer_token)
        which = request.path_params["which"].lower()
        trace = self._console.last_play() if which == "last" else which
        found = self._console.trace(trace) if trace else None
        if found is None or "steps" not in found["identity"]:
            raise RefusedError(404, "no_play", "No such play is known, or not any more.")
        story = {"summary": found["summary"], "spans": found["spans"]}
        return _json({**found["identity"], **story})

    async def lines(self, request: Request) -> Response:
        guard.check_peer(request.headers, self._peer_token)
        limit = request.query_params.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= _MAX_LINES:
            raise RefusedError(400, "bad_request", f"limit is to be 1 to {_MAX_LINES}.")
        return _json(self._console.lines(int(limit)))

    async def collect(self, request: Request) -> Response:
        guard.check_peer(request.headers, self._peer_token)
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise RefusedError(415, "not_json", "Traces are taken as OTLP-JSON, uncompressed.")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, "compressed", "Traces are taken as OTLP-JSON, uncompressed.")
        batch = parse_traces(await _body(request, _LARGE))
        self._console.ingest(batch.spans)
        partial: dict[str, object] = {}
        if batch.rejected:
            partial = {"rejectedSpans": str(batch.rejected), "errorMessage": batch.reason}
        return _json({"partialSuccess": partial})

    async def nothing(self, request: Request) -> Response:
        raise RefusedError(404, "not_found", "The booth has no such function.")

    def _check_action(self, request: Request) -> None:
        guard.check_cookie(request.headers, self._token)
        if request.headers.get("x-booth") != "1":
            raise RefusedError(403, "no_booth_header", "Actions carry the header x-booth: 1.")


class _Stream(StreamingResponse):
    """The event stream of one reader."""

    def __init__(self, console: Console, topics: Collection[str]) -> None:
        super().__init__(
            self._lines(),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )
        self._console = console
        self._topics = topics
        self._reader: Subscription | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._reader is not None:
                self._console.hub.leave(self._reader)

    async def _lines(self) -> AsyncIterator[str]:
        yield "retry: 500\n\n"
        self._reader = await self._console.watch(self._topics)
        async for line in self._reader:
            yield line


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RefusedError(413, "too_large", f"The body is over {limit} bytes.")
    return bytes(body)


async def _object(request: Request) -> dict[str, object]:
    try:
        body = json.loads(await _body(request, _SMALL))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "bad_request", "The body is to be a JSON object.")
    return body


def _json(content: object, *, status: int = 200) -> Response:
    return JSONResponse(content, status_code=status, headers={"cache-control": "no-store"})


async def _booth_error(request: Request, error: Exception) -> Response:
    if isinstance(error, RefusedError):
        return guard.error_response(error.status, error.code, error.reason)
    status, code = {
        TelemetryError: (400, "bad_telemetry"),
        UnknownFaultError: (404, "unknown_fault"),
        AlreadyBrokenError: (409, "already_broken"),
        OrderFailedError: (502, "scheduler_failed"),
    }.get(type(error), (500, "internal"))
    return guard.error_response(status, code, f"{error}.")


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not_found", 405: "wrong_method"}.get(status, "refused")
    return guard.error_response(status, code, "This path does not take this method.")
