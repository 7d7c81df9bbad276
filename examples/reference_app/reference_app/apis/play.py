"""The Play API: from "asked" to signed addresses, in four steps it alone puts in order.

Asked: who asks, from which seat, on which device; session and device are checked on the spot, the
seat with the member. Allowed: entitlement, licence and stream count, side by side. Files chosen:
renditions for the device. Steered: three ranked, signed addresses. The fifth step, "served",
happens at the appliance. A request that comes again with the same `Idempotency-Key` (the playback
session, made by the client) gets the first answer again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..glue import Glue, trace
from ..openconnect.networks import HOMES, Home
from ..openconnect.steering import URL_SLACK_SECONDS
from ..server import (
    EXCEPTION_HANDLERS,
    ApiError,
    Handlers,
    current_trace,
    elapsed_ms,
    error_answer,
    field,
    read_json,
)
from .calls import MemberCalls, RefusedError, SteeringCalls, StreamCalls, TitleCalls
from .ids import session_id, title_id
from .session import account_of
from .workings import read_through

DEVICES = {
    "tv": {"id": "tv", "name": "Television", "screen": "4K"},
    "phone": {"id": "phone", "name": "Phone", "screen": "540 lines"},
    "console": {"id": "console", "name": "Console", "screen": "1080 lines"},
}
RATES = (2, 5, 25)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request to play, checked."""

    account: int
    session: str
    title: str
    seat: str
    device: str
    home: Home
    mbit: int


def parse_ask(body: dict[str, Any], account: int, session: str) -> Ask:
    """Check a request; a 400 names field, value and what is allowed."""
    session_id(session, "Idempotency-Key")
    choices: dict[str, list[Any]] = {
        "device": list(DEVICES), "home": list(HOMES), "mbit": list(RATES)
    }  # fmt: skip
    chosen = {"device": "tv", "home": next(iter(HOMES)), "mbit": RATES[-1], **body}
    for name, allowed in choices.items():
        if chosen[name] not in allowed:
            raise ApiError(
                400, "bad_field", f"{name}: {chosen[name]!r} is not allowed; expected {allowed}."
            )
    return Ask(
        account=account,
        session=session,
        title=title_id(str(field(body, "title", str, allowed="a title's id"))),
        seat=str(field(body, "seat", str, allowed="the id of one of the member's seats")),
        device=chosen["device"],
        home=HOMES[chosen["home"]],
        mbit=chosen["mbit"],
    )


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return error_answer(error.status, error.code, error.message)


HANDLERS: Handlers = {**EXCEPTION_HANDLERS, RefusedError: _refused}


def _answer(
    ask: Ask,
    files: dict[str, Any],
    steered: dict[str, Any],
    steps: list[dict[str, Any]],
    told: dict[str, object],
) -> dict[str, Any]:
    home = ask.home
    return {
        "session": ask.session,
        "title": ask.title,
        "title_name": files["title_name"],
        "trace": current_trace(),
        "renditions": files["renditions"],
        "start": files["start"],
        "home": {"id": home.id, "address": home.address, "provider": home.provider},
        "urls": steered["urls"],
        "steps": steps,
        "workings": told,
    }


class PlayApi:
    """Handlers, and the order of the calls behind them."""

    def __init__(self, glue: Glue) -> None:
        self._glue = glue
        self._session_key = glue.settings.secrets.session
        self._members, self._streams = MemberCalls(glue), StreamCalls(glue)
        self._titles, self._steering = TitleCalls(glue), SteeringCalls(glue)

    def app(self) -> Starlette:
        """The routes."""
        return Starlette(
            routes=[
                Route("/play/lens", self.lens),
                Route("/play", self.play, methods=["POST"]),
                Route("/play/{session}/stop", self.stop, methods=["POST"]),
            ],
            exception_handlers=HANDLERS,
        )

    async def lens(self, _: Request) -> Response:
        """What the player may pretend to be, and where. All addresses are simulated."""
        homes = [
            {"id": home.id, "name": home.name, "provider": home.provider,
             "address": home.address, "note": home.note}
            for home in HOMES.values()
        ]  # fmt: skip
        return JSONResponse({"homes": homes, "rates": RATES, "devices": list(DEVICES.values())})

    async def stop(self, request: Request) -> Response:
        """The film was left: its stream is free again."""
        account = account_of(request, self._session_key)
        await self._streams.end(account, session_id(request.path_params["session"], "session"))
        return Response(status_code=204)

    async def play(self, request: Request) -> Response:
        """One play; the same key gets the same answer."""
        account = account_of(request, self._session_key)
        body = await read_json(request)
        ask = parse_ask(body, account, request.headers.get("idempotency-key", ""))
        span = self._glue.telemetry.span
        with span("play", session=ask.session, title=ask.title, member=ask.account) as told:
            answer = await self._in_order(ask)
            told["title_name"] = answer["title_name"]
        return JSONResponse(answer)

    async def _in_order(self, ask: Ask) -> dict[str, Any]:
        begun = time.perf_counter()
        steps: list[dict[str, Any]] = []
        with self._step("asked", steps):
            await self._asked(ask)
        with self._step("allowed", steps):
            stream = await self._allowed(ask)
        if stream["answer"] is not None:
            return {**stream["answer"], "repeated": True}
        try:
            with self._step("files chosen", steps):
                files, told = await self._files(ask)
            with self._step("steered", steps):
                steered = await self._steered(ask, files["seconds"])
        except Exception:
            await self._give_back(ask, stream)
            raise
        told = {**told, "fallback": steered.get("fallback"), "ms": elapsed_ms(begun)}
        answer = _answer(ask, files, steered, steps, told)
        ttl = files["seconds"] + URL_SLACK_SECONDS
        kept = await self._streams.keep(ask.account, ask.session, answer, ttl)
        return {**kept, "repeated": kept["trace"] != answer["trace"]}

    @contextmanager
    def _step(self, name: str, steps: list[dict[str, Any]]) -> Iterator[None]:
        begun = time.perf_counter()
        with self._glue.telemetry.span("play." + name.replace(" ", "_")):
            yield
        steps.append({"name": name, "ms": elapsed_ms(begun)})

    async def _asked(self, ask: Ask) -> None:
        """The member and the seat; session and device were checked as they came in."""
        member, _ = await read_through(
            self._glue.cache, f"member:{ask.account}", lambda: self._members.get(ask.account),
            service="members", command="members.get",
        )  # fmt: skip
        seats = [seat["id"] for seat in member["seats"]]
        if ask.seat not in seats:
            raise ApiError(
                400, "bad_field", f"seat: {ask.seat!r} is not allowed; expected {seats}."
            )

    async def _allowed(self, ask: Ask) -> dict[str, Any]:
        """Entitlement, licence and stream count, side by side; the stream."""
        answers = await asyncio.gather(
            read_through(
                self._glue.cache, f"entitlement:{ask.account}:{ask.title}",
                lambda: self._members.entitlement(ask.account, ask.title),
                service="members", command="members.entitlement",
            ),
            self._streams.licence(ask.account, ask.title, ask.device, ask.session),
            self._stream(ask),
            return_exceptions=True,
        )  # fmt: skip
        # All have ended, so that no stream is taken behind the back of a refusal.
        entitled, _, stream = answers
        refusal = next((each for each in answers if isinstance(each, BaseException)), None)
        if refusal is None and not entitled[0]["allowed"]:
            refusal = ApiError(403, "not_entitled", "This title is not part of the plan.")
        if refusal is not None:
            if not isinstance(stream, BaseException):
                await self._give_back(ask, stream)
            raise refusal
        return dict(stream)

    async def _give_back(self, ask: Ask, stream: dict[str, Any]) -> None:
        """What did not begin to play holds no screen; what plays already keeps its own."""
        if stream["created"]:
            await self._streams.end(ask.account, ask.session)

    async def _stream(self, ask: Ask) -> Any:
        """The stream, taken or held; a refusal where the plan has no free one."""
        stream = {
            "account": ask.account,
            "place": f"{ask.seat}/{ask.device}",
            "ask": f"{ask.title} {ask.seat} {ask.device} {ask.home.id} {ask.mbit}",
        }
        try:
            return await self._streams.take(ask.session, stream)
        except RefusedError as error:
            if error.code != "too_many_streams":
                raise
            raise ApiError(403, error.code, error.message) from error

    async def _files(self, ask: Ask) -> tuple[Any, dict[str, object]]:
        kbps = ask.mbit * 1000
        return await read_through(
            self._glue.cache, f"files:{ask.title}:{ask.device}:{kbps}",
            lambda: self._titles.files(ask.title, ask.device, kbps),
            service="titles", command="titles.files",
        )  # fmt: skip

    async def _steered(self, ask: Ask, seconds: float) -> Any:
        steered = await self._steering.steer(
            {
                "address": ask.home.address,
                "title": ask.title,
                "account": ask.account,
                "device": ask.device,
                "mbit": ask.mbit,
                "session": ask.session,
                "traceparent": trace.get(),
                "seconds": seconds,
            }
        )
        if not steered["urls"]:
            raise ApiError(503, "no_appliance", "No appliance can serve this title just now.")
        return steered
