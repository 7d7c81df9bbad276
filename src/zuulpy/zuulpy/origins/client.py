"""An origin: a named set of servers, called with balancing, deadlines and safe retries."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar

from zuulpy.config import Balance, OriginConfig
from zuulpy.errors import (
    BusyError,
    ConnectError,
    DeadlineError,
    NoServerError,
    OriginError,
)
from zuulpy.message import Request, RequestAttempt, Response
from zuulpy.origins.balancer import Balancer
from zuulpy.origins.pool import MAX_IDLE, MAX_IDLE_UNSAFE, ServerPool
from zuulpy.origins.resolvers import Server, make_resolver
from zuulpy.origins.retry import RetryBudget, earlier_attempts, may_replay, worth_retrying
from zuulpy.wire.serialise import request_bytes

_log = logging.getLogger("zuulpy")


class Origin:
    """Servers that answer alike. Used by a gateway's routes, and by services to call each other.

    `to` is a list of "host:port" (or `Server`), or "file:" and the path of a JSON list of Curator
    service instances, which is watched. `zone` is the caller's own. Other arguments are the fields
    of `OriginConfig`; durations in seconds. `trace` is a ContextVar whose traceparent goes out with
    requests that have none. Pool, health, budget and limits are per object, so per process; an
    origin belongs to the event loop of its first request.
    """

    def __init__(
        self,
        name: str,
        to: str | Sequence[str | Server],
        *,
        zone: str | None = None,
        attempts: int = 2,
        connect_timeout: float = 0.5,
        try_timeout: float = 2.0,
        timeout: float = 10.0,
        max_per_server: int = 50,
        retry_budget: float = 0.1,
        retry_unsafe: bool = False,
        retry_statuses: Collection[int] = (502, 503, 504),
        balance: Balance = "zone_first",
        body_bytes: int = 16_777_216,
        trace: ContextVar[str | None] | None = None,
    ) -> None:
        self.name = name
        self.config = OriginConfig(
            attempts=attempts,
            connect_timeout=connect_timeout,
            try_timeout=try_timeout,
            timeout=timeout,
            max_per_server=max_per_server,
            retry_budget=retry_budget,
            retry_unsafe=retry_unsafe,
            retry_statuses=retry_statuses,
            balance=balance,
            body_bytes=body_bytes,
        )
        self._resolver = make_resolver(to, zone)
        self._balancer = Balancer(zone, balance)
        self._trace = trace
        self._servers: tuple[Server, ...] = ()
        self._pools: list[ServerPool] = []
        self._budget: RetryBudget | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unknown = False

    async def send(
        self,
        request: Request,
        *,
        deadline: Callable[[], float | None] | None = None,
        stream: bool = False,
    ) -> Response:
        """Send `request` and return the answer, whatever its status.

        `deadline` gives the caller's seconds left (None: no limit) and shortens `timeout`. The body
        is read whole, up to `body_bytes`, unless `stream`. Raises an `OriginError` when no server
        gave an answer, `BodyTooLargeError`, and `RuntimeError` in another event loop.

        A connect error is retried on another server. A reset, a try timeout and `retry_statuses`
        are retried if the request is idempotent (RFC 9110), has an Idempotency-Key, or the origin
        is `retry_unsafe`; never for a request that somebody before us has retried already. Each
        try is told what is left for its answer to begin, `x-deadline-ms`: a server that works on
        when nobody waits any more works for nobody.
        """
        loop = self._running()
        now = loop.time()
        left = deadline() if deadline is not None else None
        expires = now + (self.config.timeout if left is None else min(self.config.timeout, left))
        budget = self._budget = self._budget or RetryBudget(self.config.retry_budget, now)
        budget.deposit(now)
        parent = self._trace.get() if self._trace is not None else None
        call = _Call(self, request, expires, stream, parent)
        return await call.run(loop, budget)

    async def close(self) -> None:
        """Close every connection. The origin can be used again, by another event loop too."""
        for pool in self._pools:
            pool.retire()
        self._pools, self._servers, self._loop, self._budget = [], (), None, None
        # Transports close in the loop's next steps; a caller that stops the loop must not cut in.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def choose(self, now: float, tried: Sequence[ServerPool]) -> ServerPool:
        """The pool to use next at `now`: not one of `tried` nor an avoided one, if others exist."""
        servers = self._resolver.servers(now)
        if servers is not self._servers:
            self._adopt(servers)
        if not self._pools:
            if not self._unknown:
                self._unknown = True
                _log.warning("zuulpy.no_server_known origin=%s", self.name)
            raise NoServerError(self.name, None, "no server known")
        self._unknown = False
        most = self.config.max_per_server
        free = [pool for pool in self._pools if pool.in_flight < most]
        if not free:
            raise BusyError(self.name, None, f"every server has {most} requests in flight")
        if tried:
            free = [pool for pool in free if pool not in tried] or free
        return self._balancer.choose([p for p in free if p.health.usable(now)] or free)

    def _adopt(self, servers: tuple[Server, ...]) -> None:
        known = {pool.server: pool for pool in self._pools}
        self._pools = [
            known.pop(s) if s in known else ServerPool(self.name, s) for s in dict.fromkeys(servers)
        ]
        for gone in known.values():
            gone.retire()
        self._servers = servers
        self._balancer.keep(servers)

    def _running(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError(f"origin {self.name!r} belongs to another event loop")
        return loop


class _Call:
    """One `send`: its tries, until one gives an answer or no further try is allowed."""

    __slots__ = (
        *("attempts", "config", "earlier", "expires", "origin"),
        *("parent", "replay", "request", "stream"),
    )

    def __init__(
        self, origin: Origin, request: Request, expires: float, stream: bool, parent: str | None
    ) -> None:
        self.origin = origin
        self.config = origin.config
        self.request = request
        self.expires = expires
        self.stream = stream
        self.parent = parent
        self.earlier = earlier_attempts(request)
        self.replay = may_replay(request, unsafe=self.config.retry_unsafe)
        self.attempts: list[RequestAttempt] = []

    async def run(self, loop: asyncio.AbstractEventLoop, budget: RetryBudget) -> Response:
        tried: list[ServerPool] = []
        most = self.config.attempts if self.earlier == 1 else 1
        while True:
            now = loop.time()
            try:
                if now >= self.expires:
                    raise DeadlineError(self.origin.name, None, "out of time")
                pool = self.origin.choose(now, tried)
                tried.append(pool)
                answer = await self._try(loop, pool, now)
            except OriginError as error:
                again = isinstance(error, ConnectError) or (self.replay and error.server)
                spent = isinstance(error, DeadlineError) or loop.time() >= self.expires
                if spent or not again or len(tried) >= most or not budget.withdraw():
                    error.attempts = tuple(self.attempts)
                    raise
                continue
            answer.attempts = tuple(self.attempts)
            if not self.replay or len(tried) >= most:
                return answer
            left, statuses = self.expires - loop.time(), self.config.retry_statuses
            if not worth_retrying(answer, left, statuses) or not budget.withdraw():
                return answer
            answer.close()

    async def _try(
        self, loop: asyncio.AbstractEventLoop, pool: ServerPool, started: float
    ) -> Response:
        pool.in_flight += 1
        probe = pool.health.begin(started)
        ended = functools.partial(self._ended, loop, pool, started, probe)
        response: Response | None = None
        failure: BaseException | None = None
        try:
            response = await self._exchange(loop, pool, started, ended)
            if not self.stream:
                await response.read(self.config.body_bytes)
            return response
        except BaseException as error:
            failure = error
            raise
        finally:
            self._note(pool, response, failure, (loop.time() - started) * 1000)

    async def _exchange(
        self,
        loop: asyncio.AbstractEventLoop,
        pool: ServerPool,
        started: float,
        ended: Callable[[bool | None], None],
    ) -> Response:
        try_until = started + self.config.try_timeout
        until = min(try_until, self.expires)
        connection = pool.take_idle(started, MAX_IDLE if self.replay else MAX_IDLE_UNSAFE)
        if connection is None:
            try:
                connection = await pool.connect(min(until - started, self.config.connect_timeout))
            except BaseException as error:
                ended(False if isinstance(error, ConnectError) else None)
                raise
        number = max(self.earlier, len(self.attempts) + 1)
        data = request_bytes(
            self.request,
            pool.server.address,
            attempt=number,
            left=until - loop.time(),
            traceparent=self.parent,
        )
        waiter = connection.send(
            data, self.request.method, try_until=try_until, expires=self.expires, done=ended
        )
        try:
            return await waiter
        except asyncio.CancelledError:
            connection.abort()
            if not waiter.cancelled():
                waiter.exception()  # it came just before the cancellation, and is spoken for
            raise

    def _ended(
        self,
        loop: asyncio.AbstractEventLoop,
        pool: ServerPool,
        started: float,
        probe: bool,
        ok: bool | None,
    ) -> None:
        now = loop.time()
        # Whoever gave up on a silent server, after half a try it is the server's silence.
        if ok is None and now - started >= self.config.try_timeout / 2:
            ok = False
        pool.in_flight -= 1
        pool.health.end(now, probe=probe, ok=ok)

    def _note(
        self,
        pool: ServerPool,
        response: Response | None,
        failure: BaseException | None,
        ms: float,
    ) -> None:
        self.attempts.append(
            RequestAttempt(
                number=len(self.attempts) + 1,
                origin=self.origin.name,
                server=pool.server.address,
                instance=pool.server.name or pool.server.address,
                zone=pool.server.zone,
                status=response.status if response else None,
                error=type(failure).__name__ if failure else None,
                ms=ms,
            )
        )
