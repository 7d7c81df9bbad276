"""The members service: authentication, entitlement, licence and stream leases over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import jwt
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...server import EXCEPTION_HANDLERS, ApiError, field, read_json
from .store import MemberStore, ReusedError

STREAM_TTL = 60.0
"""Seconds after which a stream ends whose play was never answered."""
LICENCE_TTL = 900.0
"""Seconds that a licence lasts."""


class MembersService:
    """Handlers; the store decides."""

    def __init__(
        self, store: MemberStore, licence_key: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._licence_key, self._clock = store, licence_key, clock

    def app(self) -> Starlette:
        """The routes."""
        return Starlette(
            routes=[
                Route("/authenticate", self.authenticate, methods=["POST"]),
                Route("/members/{account:int}", self.member),
                Route("/members/{account:int}/entitlement/{title}", self.entitlement),
                Route("/licences", self.licence, methods=["POST"]),
                Route("/streams/{session}", self.take_stream, methods=["PUT"]),
                Route("/streams/{session}", self.end_stream, methods=["DELETE"]),
                Route("/streams/{session}/answer", self.keep_answer, methods=["PUT"]),
            ],
            exception_handlers=EXCEPTION_HANDLERS,
        )

    async def authenticate(self, request: Request) -> Response:
        """Email and password to a member, or 401."""
        body = await read_json(request)
        email = str(field(body, "email", str, allowed="an email address"))
        password = str(field(body, "password", str, allowed="a password"))
        member = await run_in_threadpool(self._store.authenticate, email, password)
        if member is None:
            raise ApiError(401, "bad_credentials", "Email or password is not right.")
        return JSONResponse(member)

    async def member(self, request: Request) -> Response:
        """One member with seats."""
        return JSONResponse(self._known(request.path_params["account"]))

    async def entitlement(self, request: Request) -> Response:
        """Whether the member's plan has this title: every plan has every title, with its limit."""
        member = self._known(request.path_params["account"])
        answer = {"allowed": True, "plan": member["plan"], "streams": member["streams"]}
        return JSONResponse(answer)

    async def licence(self, request: Request) -> Response:
        """A short-lived signed licence for one title on one device."""
        body = await read_json(request)
        account = field(body, "account", int, allowed="a member's number")
        now = self._clock()
        claims = {
            "sub": str(account),
            "title": field(body, "title", str, allowed="a title's id"),
            "device": field(body, "device", str, allowed="a device class"),
            "jti": field(body, "session", str, allowed="a playback session"),
            "exp": int(now + LICENCE_TTL),
        }
        token = jwt.encode(claims, self._licence_key, algorithm="HS256")
        return JSONResponse({"licence": token, "until": claims["exp"]})

    async def take_stream(self, request: Request) -> Response:
        """Take or hold a stream; 409 when the plan has no free one, 422 for a session used before.

        Statements on SQLite are done in microseconds, so they are made here and not in a thread.
        """
        body = await read_json(request)
        try:
            lease = self._store.lease(
                int(str(field(body, "account", int, allowed="a member's number"))),
                str(field(body, "place", str, allowed="a seat and a device")),
                request.path_params["session"],
                str(field(body, "ask", str, allowed="what is asked for")),
                self._clock(),
                STREAM_TTL,
            )
        except ReusedError as error:
            message = f"Idempotency-Key {error.session} was used for another play."
            raise ApiError(422, "key_reused", message) from error
        if not lease.allowed:
            message = f"The plan plays on {lease.limit} screens at once."
            raise ApiError(409, "too_many_streams", message)
        return JSONResponse(asdict(lease))

    async def keep_answer(self, request: Request) -> Response:
        """Keep a play's answer; the first one is answered, to whoever comes second too."""
        body = await read_json(request)
        account = int(str(field(body, "account", int, allowed="a member's number")))
        answer, ttl = body.get("answer"), body.get("ttl")
        if not isinstance(answer, dict):
            raise ApiError(400, "bad_field", "answer: expected a play's answer.")
        if not isinstance(ttl, int | float) or not 0 < ttl <= 86_400:
            raise ApiError(400, "bad_field", f"ttl: {ttl!r} is not allowed; expected seconds.")
        until = self._clock() + ttl
        kept = self._store.keep(account, request.path_params["session"], answer, until)
        return JSONResponse(kept)

    async def end_stream(self, request: Request) -> Response:
        """Give a stream back; giving it back twice is no error."""
        account = int(request.query_params.get("account", "0"))
        self._store.release(account, request.path_params["session"])
        return Response(status_code=204)

    def _known(self, account: int) -> dict[str, object]:
        member = self._store.member(account)
        if member is None:
            raise ApiError(404, "no_such_member", f"There is no member {account}.")
        return member
