"""The steering service over HTTP: heartbeats in, ranked and signed URLs out.

Heartbeats are kept in memory only: within half a second of a start every appliance has told again
what it is. When this service is away the Play API goes on with `steer` and the last table it saw.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..server import EXCEPTION_HANDLERS, ApiError, read_json
from .errors import AddressError, HeartbeatError
from .heartbeat import Heartbeat
from .signing import Claims
from .steering import is_alive, rank, signed_urls

FORGET_SECONDS = 60.0
"""An appliance that was silent for longer is no longer listed."""


def steer(
    ask: Mapping[str, Any],
    table: Sequence[Mapping[str, Any]],
    secret: str,
    now: float,
    *,
    trust_silence: bool = False,
) -> dict[str, Any]:
    """Answer one ask from a table of heartbeats: `{urls, table}`; pure.

    `ask` has address, title, account, device, mbit, session, traceparent and seconds (the film's
    length). With `trust_silence` the table is judged as of its newest heartbeat: the one who asks
    has not heard the appliances since, which says nothing about them. Raises `ApiError` (400).
    """
    beats = [Heartbeat.from_json(row) for row in table]
    as_of = max((beat.at for beat in beats), default=now) if trust_silence else now
    return {"urls": _urls(ask, beats, secret, now, as_of), "table": list(table)}


def _urls(
    ask: Mapping[str, Any], beats: Iterable[Heartbeat], secret: str, now: float, as_of: float
) -> list[dict[str, Any]]:
    seconds = ask.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        message = f"seconds: {seconds!r} is not allowed; expected a length above 0."
        raise ApiError(400, "bad_field", message)
    names = ("account", "device", "address", "mbit", "title", "session", "traceparent")
    try:
        claims = Claims(**{name: ask.get(name) for name in names})  # type: ignore[arg-type]
        return signed_urls(secret, claims, seconds, beats, now, as_of)
    except (TypeError, ValueError, AddressError) as error:
        raise ApiError(400, "bad_field", f"{error}.") from error


class _Steering:
    """Handlers over the table of heartbeats."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret, self._clock = secret, clock
        self._beats: dict[str, Heartbeat] = {}

    async def heartbeat(self, request: Request) -> Response:
        """Hear one appliance. The time of arrival counts: clocks of others may be wrong."""
        body = await read_json(request)
        try:
            beat = Heartbeat.from_json(body)
        except HeartbeatError as error:
            raise ApiError(400, "bad_heartbeat", f"{error}.") from error
        self._beats[beat.name] = replace(beat, at=self._clock())
        return Response(status_code=204)

    async def rank(self, request: Request) -> Response:
        """The ranking for an address and a title, with a reason for each place."""
        now, query = self._clock(), request.query_params
        beats = self._heard(now)
        try:
            ranked = rank(query.get("address", ""), query.get("title", ""), beats, now)
        except AddressError as error:
            raise ApiError(400, "bad_field", f"address: {error}.") from error
        return JSONResponse({"ranked": [choice.as_json() for choice in ranked]})

    async def steer(self, request: Request) -> Response:
        """Ranked, signed URLs for one play, and the table they were chosen from."""
        now, ask = self._clock(), await read_json(request)
        beats = self._heard(now)
        urls = _urls(ask, beats, self._secret, now, now)
        return JSONResponse({"urls": urls, "table": [beat.as_json() for beat in beats]})

    async def appliances(self, _: Request) -> Response:
        """The last heartbeat of each appliance, and whether it counts as alive."""
        now = self._clock()
        rows = [{**beat.as_json(), "alive": is_alive(beat, now)} for beat in self._heard(now)]
        return JSONResponse({"appliances": rows})

    def _heard(self, now: float) -> list[Heartbeat]:
        kept = {n: b for n, b in self._beats.items() if now - b.at <= FORGET_SECONDS}
        self._beats = dict(sorted(kept.items()))
        return list(self._beats.values())


def steering_app(secret: str, clock: Callable[[], float] = time.time) -> Starlette:
    """The service: `secret` signs playback URLs, `clock` tells unix seconds.

    POST /heartbeat (204), GET /rank?address=&title=, POST /steer, GET /appliances.
    """
    steering = _Steering(secret, clock)
    return Starlette(
        routes=[
            Route("/heartbeat", steering.heartbeat, methods=["POST"]),
            Route("/rank", steering.rank),
            Route("/steer", steering.steer, methods=["POST"]),
            Route("/appliances", steering.appliances),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
    )
