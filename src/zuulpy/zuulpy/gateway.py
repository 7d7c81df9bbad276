"""The gateway: routes and filters as you name them, compiled when it starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeVar, overload

from zuulpy.answers import failure
from zuulpy.builtin.deadline import read_deadline
from zuulpy.builtin.forwarded import add_via, forward_headers
from zuulpy.builtin.healthcheck import healthcheck
from zuulpy.builtin.trace import return_request_id, trace_request
from zuulpy.chain import Chain
from zuulpy.config import Balance, Limits
from zuulpy.errors import ConfigError, FramingError, OriginError
from zuulpy.events import Emitter, Observer
from zuulpy.filters import (
    Endpoint,
    Filter,
    Guard,
    InboundFilter,
    OnError,
    OutboundFilter,
    make_filter,
)
from zuulpy.message import Request, Response
from zuulpy.origins.client import Origin
from zuulpy.origins.resolvers import Server
from zuulpy.routing import RouteTable, clean_host, clean_prefix, strip_prefix
from zuulpy.server import Listener, Respond
from zuulpy.status import StatusCategory

DRAIN_SECONDS: Final = 5.0
"""How long `stop` waits for answers that are under way."""
_FIRST: Final = -1000.0

I = TypeVar("I", bound=InboundFilter)  # noqa: E741 - inbound
O = TypeVar("O", bound=OutboundFilter)  # noqa: E741 - outbound
E = TypeVar("E", bound=Endpoint)
To = str | Sequence[str | Server] | Origin


class Route:
    """One entry of the route table; `chain` is compiled when the gateway starts."""

    def __init__(self, prefix: str, endpoint: Endpoint, *, guarded: bool = False) -> None:
        self.prefix = prefix
        self.endpoint = endpoint
        self.guarded = guarded
        self.chain: Chain | None = None

    def compile(self, inbound: Sequence[Filter], outbound: Sequence[Filter]) -> None:
        """Bind the filters."""
        self.chain = Chain(inbound, self.endpoint, outbound, guarded=self.guarded)


class Gateway:
    """Filters, routes and origins in front of your services.

    `zone` is where this gateway runs: origins prefer servers there. `name` is what events call it.
    `observer` gets an `Event` as a request starts, stops, or is refused as no clear HTTP; `trace`
    is a ContextVar that holds the current traceparent (without it no ids are made). `trusted` are
    networks whose X-Forwarded headers are believed. `health` is the path the gateway answers
    itself (None: none). A gateway is one process and one event loop; so are its origins' pools,
    health and budgets.
    """

    def __init__(
        self,
        zone: str | None = None,
        *,
        name: str = "gateway",
        observer: Observer | None = None,
        trace: ContextVar[str | None] | None = None,
        trusted: Sequence[str] = (),
        health: str | None = "/healthz",
        limits: Limits | None = None,
    ) -> None:
        self.zone = zone
        self.name = name
        self._emitter = Emitter(observer, trace)
        self._listener = Listener(self._serve, limits or Limits(), self._rejected)
        self._table: RouteTable[Route] = RouteTable()
        self._no_route = Route("", _no_route)
        self._routes: list[Route] = []
        self._origins: list[Origin] = []
        self._started = False
        self._distrusted: frozenset[str] = frozenset()
        self._inbound: list[Filter] = []
        self._outbound: list[Filter] = []
        if health is not None:
            self._built_in(healthcheck(health, lambda: not self._listener.draining))
        self._built_in(trace_request(trace))
        self._built_in(read_deadline())
        self._built_in(forward_headers(trusted))
        for outbound in (return_request_id, add_via):
            self._outbound.append(make_filter(outbound, order=-_FIRST))

    # what is built

    def route(
        self,
        prefix: str,
        *,
        to: To | None = None,
        endpoint: Endpoint | None = None,
        host: str | None = None,
        strip: bool = False,
        timeout: float | None = None,
        try_timeout: float | None = None,
        attempts: int | None = None,
        retry_unsafe: bool | None = None,
        retry_statuses: Collection[int] | None = None,
        balance: Balance | None = None,
        guard: Guard | None = None,
    ) -> None:
        """Send what begins with `prefix` (whole segments, longest wins) to an origin or a function.

        `to` is a list of "host:port", "file:" and a registry file, or an `Origin`; `endpoint` a
        function of the request instead. `host` narrows to one Host; `strip` takes the prefix off.
        `timeout`, `try_timeout` (seconds), `attempts`, `retry_unsafe`, `retry_statuses` and
        `balance` are those of `OriginConfig`. `guard` decorates the call of the origin: a circuit
        breaker, for instance; what it raises is answered 503, a `TimeoutError` 504. Raises
        `ConfigError`, for an equal prefix too.
        """
        self._building("route")
        options = {
            **_given(timeout=timeout, try_timeout=try_timeout, attempts=attempts),
            **_given(retry_unsafe=retry_unsafe, retry_statuses=retry_statuses, balance=balance),
        }
        cleaned, narrowed = clean_prefix(prefix), clean_host(host)
        if endpoint is None:
            route = self._to_origin(cleaned, to, options, strip=strip, guard=guard)
        elif to is not None or options or strip or guard is not None:
            raise ConfigError("endpoint", endpoint, "without the settings of an origin")
        else:
            route = Route(cleaned, endpoint)
        self._table.add(cleaned, narrowed, route)
        self._routes.append(route)

    def endpoint(self, prefix: str, *, host: str | None = None) -> Callable[[E], E]:
        """Decorate a function of (Request) -> Response that answers `prefix` itself."""

        def register(function: E) -> E:
            self.route(prefix, endpoint=function, host=host)
            return function

        return register

    def distrust(self, *names: str) -> None:
        """Drop the headers `names` (any case) of every request before anything reads them.

        For a gateway that strangers reach: what one hop tells the next (`x-deadline-ms`,
        `x-attempt`, `traceparent`, a token of yours) is theirs to say only behind it.
        """
        self._building("distrust")
        self._distrusted |= {name.lower() for name in names}

    @overload
    def inbound(self, function: I, /) -> I: ...
    @overload
    def inbound(
        self,
        function: None = None,
        /,
        *,
        order: float = 0.0,
        when: Callable[[Request], bool] | None = None,
        on_error: OnError = "stop",
    ) -> Callable[[I], I]: ...
    def inbound(
        self,
        function: I | None = None,
        /,
        *,
        order: float = 0.0,
        when: Callable[[Request], bool] | None = None,
        on_error: OnError = "stop",
    ) -> I | Callable[[I], I]:
        """Register a filter that runs before the origin is asked; `def` or `async def`.

        It returns None to go on, a `Request` to replace the one given (the route stays), or a
        `Response` to answer now: later inbound filters and the origin are skipped, outbound filters
        run. Filters run by `order` (shipped ones: -1000), then as registered, `when` it says so.
        One that raises stops the request with 500, or is logged with `on_error="continue"`.
        """
        if on_error not in ("stop", "continue"):
            raise ConfigError("on_error", on_error, "stop or continue")

        def register(function: I) -> I:
            self._building("inbound")
            stops = on_error == "stop"
            self._inbound.append(make_filter(function, order=order, when=when, stops=stops))
            return function

        return register if function is None else register(function)

    @overload
    def outbound(self, function: O, /) -> O: ...
    @overload
    def outbound(
        self,
        function: None = None,
        /,
        *,
        order: float = 0.0,
        when: Callable[[Response], bool] | None = None,
    ) -> Callable[[O], O]: ...
    def outbound(
        self,
        function: O | None = None,
        /,
        *,
        order: float = 0.0,
        when: Callable[[Response], bool] | None = None,
    ) -> O | Callable[[O], O]:
        """Register a filter that sees every answer; `response.request` is what was asked.

        It returns None, or a `Response` to send instead. One that raises is logged and skipped.
        """

        def register(function: O) -> O:
            self._building("outbound")
            self._outbound.append(make_filter(function, order=order, when=when))
            return function

        return register if function is None else register(function)

    # what runs

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen in the running event loop; returns the bound port. Raises `OSError`."""
        for route in (*self._routes, self._no_route):
            route.compile(self._inbound, self._outbound)
        self._started = True
        return await self._listener.start(host, port)

    async def stop(self, grace: float = DRAIN_SECONDS) -> None:
        """Accept no more, finish what is in flight within `grace` seconds, close the origins."""
        await self._listener.stop(grace)
        for origin in self._origins:
            await origin.close()

    def run(self, host: str = "127.0.0.1", port: int = 8080) -> None:
        """Serve until SIGINT or SIGTERM, then drain; on uvloop where it is installed.

        A second signal cuts off what is still in flight. Ends the program (`SystemExit`) with one
        line if it cannot listen.
        """
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._run(host, port))

    async def _run(self, host: str, port: int) -> None:
        try:
            bound = await self.start(host, port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SystemExit(f"zuulpy: cannot listen on {host}:{port}: {reason}") from error
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def signalled() -> None:
            if stopping.is_set():
                self._listener.abort()
            stopping.set()

        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends it there
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, signalled)
        where = f"http://{host}:{bound}" if ":" not in host else f"http://[{host}]:{bound}"
        print(f"zuulpy: {self.name} on {where}", file=sys.stderr, flush=True)
        await stopping.wait()
        await self.stop()

    async def _serve(self, request: Request, respond: Respond) -> None:
        if self._distrusted:
            request.headers.discard(self._distrusted)
        host = request.headers.get("host", "")
        route = self._table.match(request.path, host) or self._no_route
        chain = route.chain
        assert chain is not None  # noqa: S101 - compiled by start
        if not self._emitter.active:
            await respond(await chain.run(request))
            return
        fields: dict[str, object] = {
            "gateway": self.name,
            "route": None if route is self._no_route else route.prefix or "/",
            "method": request.method,
            "target": request.path,
        }
        span = self._emitter.start("request", request.headers.get("traceparent"), fields)
        response: Response | None = None
        category = StatusCategory.FAILURE_CLIENT_CANCELLED
        try:
            response = await chain.run(request)
            await respond(response)
            category = response.category or category
        except OriginError as error:
            category = error.category
            raise
        finally:
            self._emitter.stop(span, _outcome(response, category))

    def _rejected(self, error: FramingError) -> None:
        fields = {"gateway": self.name, "status": error.status, "reason": error.reason}
        self._emitter.emit("zuulpy.request_rejected", {**fields, "category": error.category.value})

    def _to_origin(
        self,
        prefix: str,
        to: To | None,
        options: dict[str, Any],
        *,
        strip: bool,
        guard: Guard | None,
    ) -> Route:
        if isinstance(to, Origin):
            if options:
                key, value = next(iter(options.items()))
                raise ConfigError(key, value, "set on the Origin itself")
            origin = to
        else:
            name = prefix.strip("/") or "root"
            if isinstance(to, str):
                file = os.path.basename(to.removeprefix("file:"))
                name = os.path.splitext(file)[0] or name
            origin = Origin(name, to, zone=self.zone, **options)  # type: ignore[arg-type]
        self._origins.append(origin)
        call = _proxy(origin, prefix if strip else "")
        return Route(prefix, guard(call) if guard else call, guarded=guard is not None)

    def _built_in(self, function: Callable[[Request], Response | None]) -> None:
        self._inbound.append(make_filter(function, order=_FIRST, stops=True))

    def _building(self, what: str) -> None:
        if self._started:
            raise ConfigError(what, "after start", "before the gateway starts")


def _given(**options: object) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _proxy(origin: Origin, strip: str) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        if strip:
            # A guard may call twice: what is stripped must be a copy.
            target = strip_prefix(request.target, request.path, strip)
            request = Request(
                request.method,
                target,
                request.headers,
                request.body,
                remote=request.remote,
                deadline=request.deadline,
            )
        return await origin.send(request, deadline=request.deadline, stream=True)

    return call


def _no_route(request: Request) -> Response:
    return failure(404, StatusCategory.SUCCESS_LOCAL_NO_ROUTE, "no route")


def _outcome(response: Response | None, category: StatusCategory) -> dict[str, object]:
    attempt = response.attempt if response is not None else None
    return {
        "status": response.status if response is not None else None,
        "category": category.value,
        "origin": attempt.origin if attempt else None,
        "server": attempt.server if attempt else None,
        "instance": attempt.instance if attempt else None,
        "zone": attempt.zone if attempt else None,
        "attempts": len(response.attempts) if response is not None else 0,
    }


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
