"""How every service of the application listens: Starlette on uvicorn, behind one small middleware.

The middleware is where a hop begins: it lets only the gateway and peers in, continues the trace,
puts the caller's deadline and idempotency key in force, and closes the hop with a span.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import uvicorn
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

import hystrixpy

from .glue import CallError, Glue, idempotency_key, trace


class ApiError(Exception):
    """An answer that is not 200: `code` for programs, `message` for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def current_trace() -> str:
    """Trace id of the request being served, 32 hex digits."""
    current = trace.get()
    return current.split("-")[1] if current else ""


def error_answer(status: int, code: str, message: str) -> JSONResponse:
    """The one shape in which errors are answered."""
    body = {"error": {"code": code, "message": message, "trace": current_trace()}}
    return JSONResponse(body, status_code=status)


async def _api_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error_answer(error.status, error.code, error.message)


async def _unavailable(_: Request, error: Exception) -> Response:
    return error_answer(503, "unavailable", f"A part of the service is not answering: {error}")


Handlers = dict[Any, Callable[[Request, Exception], Awaitable[Response]]]

EXCEPTION_HANDLERS: Handlers = {
    ApiError: _api_error,
    CallError: _unavailable,
    hystrixpy.HystrixError: _unavailable,
}


async def read_json(request: Request) -> dict[str, object]:
    """The request's JSON object, or a 400 that says what is wrong."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise ApiError(400, "bad_json", f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "bad_json", "The body must be a JSON object.")
    return body


def field(body: Mapping[str, object], name: str, kind: type, *, allowed: str) -> object:
    """One field of a body, checked; a 400 names field, value and what is allowed."""
    value = body.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise ApiError(400, "bad_field", f"{name}: {value!r} is not allowed; expected {allowed}.")
    return value


class Hop:
    """ASGI middleware: admission, trace, deadline, idempotency key, and the hop's span."""

    def __init__(self, app: ASGIApp, glue: Glue) -> None:
        self._app, self._glue = app, glue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] == "/healthz":
            await self._app(scope, receive, send)
            return
        headers = {key.decode(): value.decode("latin-1") for key, value in scope["headers"]}
        if headers.get("x-peer") != self._glue.settings.secrets.peer:
            answer = error_answer(403, "not_a_peer", "Only the gateway and peers are answered.")
            await answer(scope, receive, send)
            return
        parent_token = trace.set(headers.get("traceparent"))
        key_token = idempotency_key.set(headers.get("idempotency-key"))
        try:
            await self._serve(scope, receive, send, headers)
        finally:
            idempotency_key.reset(key_token)
            trace.reset(parent_token)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]
    ) -> None:
        status = 500

        async def send_traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-trace", current_trace().encode()),
                ]
            await send(message)

        with ExitStack() as stack:
            attributes = stack.enter_context(
                self._glue.telemetry.span(
                    "http.server",
                    kind=SpanKind.SERVER,
                    method=scope["method"],
                    caller=headers.get("x-caller", ""),
                )
            )
            if (left := headers.get("x-deadline-ms", "")).isdecimal():
                stack.enter_context(hystrixpy.deadline(int(left) / 1000))
            if headers.get("x-attempt", "1") not in ("0", "1"):
                stack.enter_context(hystrixpy.without_retries())
            try:
                await self._app(scope, receive, send_traced)
            finally:
                route = scope.get("route")
                attributes["path"] = getattr(route, "path", scope["path"])
                attributes["status"] = status
                attributes["failed"] = status >= 500


async def _healthz(_: Request) -> Response:
    return Response(b"ok\n", media_type="text/plain")


def _closing(lifespan: Lifespan[Any], glue: Glue) -> Lifespan[Any]:
    """A lifespan that ends with letting go of the glue: uvicorn then ends the process at once."""

    @asynccontextmanager
    async def closing(app: Any) -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            yield state
        await glue.close()

    return closing


def run_service(app: Starlette, glue: Glue) -> None:
    """Serve gateway and peers until SIGTERM."""
    app.router.routes.append(Route("/healthz", _healthz))
    app.router.lifespan_context = _closing(app.router.lifespan_context, glue)
    config = uvicorn.Config(
        Hop(app, glue),
        host=glue.settings.host,
        port=glue.settings.port,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run()


def elapsed_ms(begun: float) -> float:
    """Milliseconds since `begun` on the performance counter, to a tenth."""
    return round((time.perf_counter() - begun) * 1e3, 1)
