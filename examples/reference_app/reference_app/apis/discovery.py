"""The Discovery API: signing in, choosing a seat, and finding something to play."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..art import digest_of
from ..glue import Glue
from ..server import ApiError, field, read_json
from .calls import MemberCalls, RefusedError, TitleCalls
from .ids import picture_name, title_id
from .play import HANDLERS
from .rows import ROWS, row_of
from .session import account_of, end_session, start_session
from .workings import read_through

ATTEMPTS, ATTEMPT_WINDOW = 10, 60.0
"""Failed sign-ins an email address may have within so many seconds, in one process."""


class SignInLimit:
    """Counts failed sign-ins by email address; bounded in addresses and in time."""

    def __init__(self, most: int = ATTEMPTS, window: float = ATTEMPT_WINDOW) -> None:
        self._most, self._window = most, window
        self._failures: dict[str, deque[float]] = {}

    def check(self, email: str, now: float) -> None:
        """Raise a 429 where this address has failed too often."""
        failures = self._failures.get(email)
        while failures and failures[0] <= now - self._window:
            failures.popleft()
        if failures and len(failures) >= self._most:
            raise ApiError(429, "too_many_attempts", "Too many attempts; wait a minute.")

    def failed(self, email: str, now: float) -> None:
        """Count one failure."""
        if len(self._failures) > 10_000:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(email, deque()).append(now)


class DiscoveryApi:
    """Handlers, and the order of the calls behind them."""

    def __init__(self, glue: Glue) -> None:
        self._glue = glue
        self._session_key = glue.settings.secrets.session
        self._members, self._titles = MemberCalls(glue), TitleCalls(glue)
        self._limit = SignInLimit()

    def app(self) -> Starlette:
        """The routes."""
        return Starlette(
            routes=[
                Route("/discovery/session", self.sign_in, methods=["POST"]),
                Route("/discovery/session", self.who, methods=["GET"]),
                Route("/discovery/session", self.sign_out, methods=["DELETE"]),
                Route("/discovery/home", self.home),
                Route("/discovery/rows/{row}", self.row),
                Route("/discovery/titles/{title}", self.title),
                Route("/discovery/art/{digest}/{name}", self.art),
            ],
            exception_handlers=HANDLERS,
        )

    async def sign_in(self, request: Request) -> Response:
        """Email and password to a session cookie."""
        body = await read_json(request)
        email = str(field(body, "email", str, allowed="an email address")).strip().lower()
        password = str(field(body, "password", str, allowed="a password"))
        self._limit.check(email, time.monotonic())
        try:
            member = await self._members.authenticate(email, password)
        except RefusedError as error:
            if error.status == 401:
                self._limit.failed(email, time.monotonic())
            raise
        response = JSONResponse(self._session(member))
        secure = request.headers.get("x-forwarded-proto") == "https"
        start_session(response, member["id"], self._session_key, secure=secure)
        return response

    async def who(self, request: Request) -> Response:
        """The signed-in member and the seats."""
        member, _ = await self._member(request)
        return JSONResponse(self._session(member))

    async def sign_out(self, _: Request) -> Response:
        """Forget the session in this browser."""
        response = Response(status_code=204)
        end_session(response)
        return response

    async def home(self, request: Request) -> Response:
        """The billboard and the names of the rows; each row is a resource of its own."""
        seat = await self._seat(request)
        cards, told = await self._cards()
        ready = [card for card in cards if card["ready"]] or cards
        head = ready[sum(map(ord, seat["id"])) % len(ready)]
        billboard, _ = await self._title(head["id"])
        rows = [{"id": row.id, "title": row.title.format(seat=seat["name"])} for row in ROWS]
        return JSONResponse({"billboard": billboard, "rows": rows, "workings": told})

    async def row(self, request: Request) -> Response:
        """One row for one seat."""
        seat = await self._seat(request)
        row = row_of(request.path_params["row"])
        if row is None:
            allowed = ", ".join(row.id for row in ROWS)
            raise ApiError(404, "no_such_row", f"There is no such row; there are {allowed}.")
        cards, told = await self._cards()
        items = row.choose(cards, seat["taste"])
        title = row.title.format(seat=seat["name"])
        return JSONResponse(
            {"id": row.id, "title": title, "why": row.why, "items": items, "workings": told}
        )

    async def title(self, request: Request) -> Response:
        """One title."""
        await self._seat(request)
        title, told = await self._title(title_id(request.path_params["title"]))
        return JSONResponse({**title, "workings": told})

    async def art(self, request: Request) -> Response:
        """One picture; its address holds the hash of its content, so it may be kept for ever."""
        name = picture_name(request.path_params["name"])
        svg, _ = await read_through(
            self._glue.cache, f"art:{name}", lambda: self._titles.art(name),
            service="titles", command="titles.art", ttl=86_400,
        )  # fmt: skip
        if request.path_params["digest"] != digest_of(svg):
            raise ApiError(404, "no_such_picture", f"{name!r} has another hash.")
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(svg, media_type="image/svg+xml", headers=headers)

    async def _member(self, request: Request) -> tuple[Any, dict[str, object]]:
        account = account_of(request, self._session_key)
        return await read_through(
            self._glue.cache, f"member:{account}", lambda: self._members.get(account),
            service="members", command="members.get",
        )  # fmt: skip

    async def _seat(self, request: Request) -> Any:
        member, _ = await self._member(request)
        wanted = request.query_params.get("seat", "")
        for seat in member["seats"]:
            if seat["id"] == wanted:
                return seat
        seats = [seat["id"] for seat in member["seats"]]
        raise ApiError(400, "bad_field", f"seat: {wanted!r} is not allowed; expected {seats}.")

    async def _cards(self) -> tuple[Any, dict[str, object]]:
        return await read_through(
            self._glue.cache, "titles:all", self._titles.all,
            service="titles", command="titles.all", ttl=3,
        )  # fmt: skip

    async def _title(self, title: str) -> tuple[Any, dict[str, object]]:
        return await read_through(
            self._glue.cache, f"title:{title}", lambda: self._titles.get(title),
            service="titles", command="titles.get", ttl=3,
        )  # fmt: skip

    def _session(self, member: dict[str, Any]) -> dict[str, Any]:
        booth = f"http://127.0.0.1:{self._glue.settings.booth_port}"
        who = {"id": member["id"], "name": member["name"]}
        return {"member": who, "seats": member["seats"], "booth": booth}
