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
from .store import MemberStore

STREAM_TTL = 900.0
"""Seconds after which a lease that nobody gave back ends."""


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
            "exp": int(now + STREAM_TTL),
        }
        token = jwt.encode(claims, self._licence_key, algorithm="HS256")
        return JSONResponse({"licence": token, "until": claims["exp"]})

    async def take_stream(self, request: Request) -> Response:
        """Take or keep a stream; 409 when the plan has no free one."""
        body = await read_json(request)
        lease = self._store.lease(
            int(str(field(body, "account", int, allowed="a member's number"))),
            str(field(body, "place", str, allowed="a seat and a device")),
            request.path_params["session"],
            str(field(body, "title", str, allowed="a title's id")),
            self._clock(),
            STREAM_TTL,
        )
        return JSONResponse(asdict(lease), status_code=200 if lease.allowed else 409)

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
