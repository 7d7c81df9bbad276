"""The guarded calls of the application APIs: every one a command with a timeout.

A fallback stands where something honest can stand in: a play needs no stream count, no licence
record and no fresh ranking to begin; it does need a member and files.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from hystrixpy import BadRequestError, HystrixError, command

from ..glue import CallError, Glue, Peer
from ..openconnect.service import steer

UNANSWERED = (HystrixError, CallError)
"""What a guarded call raises where its peer gave no usable answer."""

TIMEOUT = 0.4
"""Seconds an attempt may take: twenty times what a healthy service here needs."""
SIGN_IN_TIMEOUT = 2.0
"""Checking a password is slow on purpose."""


class RefusedError(BadRequestError):
    """A peer's verdict on the request: its `status`, `code` and `message`, and the whole `body`."""

    def __init__(self, error: CallError) -> None:
        super().__init__(str(error))
        self.status, self.body = error.status, error.body
        told = error.body.get("error", {}) if isinstance(error.body, dict) else {}
        self.code = str(told.get("code", "refused"))
        self.message = str(told.get("message", error))


async def _ask(peer: Peer, method: str, path: str, body: object = None) -> Any:
    """Call a peer; its 4xx is a verdict on the request, no failure, and counts nowhere."""
    try:
        return await peer.call(method, path, body)
    except CallError as error:
        if 400 <= error.status < 500:
            raise RefusedError(error) from error
        raise


class MemberCalls:
    """What is asked of the members service."""

    def __init__(self, glue: Glue) -> None:
        peer = glue.peer("members")

        @command(name="members.authenticate", group="members", timeout=SIGN_IN_TIMEOUT)
        async def authenticate(email: str, password: str) -> Any:
            return await _ask(peer, "POST", "/authenticate", {"email": email, "password": password})

        @command(name="members.get", group="members", timeout=TIMEOUT, attempts=2)
        async def get(account: int) -> Any:
            return await _ask(peer, "GET", f"/members/{account}")

        @command(name="members.entitlement", group="members", timeout=TIMEOUT, attempts=2)
        async def entitlement(account: int, title: str) -> Any:
            return await _ask(peer, "GET", f"/members/{account}/entitlement/{quote(title)}")

        self.authenticate, self.get, self.entitlement = authenticate, get, entitlement


def no_record(*_: object) -> dict[str, Any]:
    """Stands in for a licence: a film needs no record of it to begin."""
    return {"licence": None, "fallback": "licence not recorded"}


def not_counted(*_: object) -> dict[str, Any]:
    """Stands in for a stream: nobody is kept from a film because the count is away."""
    return {"allowed": True, "created": False, "answer": None, "fallback": "streams not counted"}


def not_kept(account: int, session: str, answer: dict[str, Any], ttl: float) -> dict[str, Any]:
    """Stands in for the kept answer: this one, which a repeat will not get again."""
    return answer


class StreamCalls:
    """What is asked of the members service about one play: its licence and its stream.

    The stream is where a play is decided once: the first answer that is kept with it is the answer
    of every request with the same session, whichever instance it reaches.
    """

    def __init__(self, glue: Glue) -> None:
        peer = glue.peer("members")

        @command(
            name="members.licence", group="members", timeout=TIMEOUT, attempts=2, fallback=no_record
        )
        async def licence(account: int, title: str, device: str, session: str) -> Any:
            body = {"account": account, "title": title, "device": device, "session": session}
            return await _ask(peer, "POST", "/licences", body)

        @command(
            name="members.take_stream", group="members", timeout=TIMEOUT, attempts=2,
            fallback=not_counted,
        )  # fmt: skip
        async def take(session: str, stream: dict[str, Any]) -> Any:
            return await _ask(peer, "PUT", f"/streams/{session}", stream)

        @command(
            name="members.keep_answer", group="members", timeout=TIMEOUT, attempts=2,
            fallback=not_kept,
        )  # fmt: skip
        async def keep(account: int, session: str, answer: dict[str, Any], ttl: float) -> Any:
            body = {"account": account, "answer": answer, "ttl": ttl}
            return await _ask(peer, "PUT", f"/streams/{session}/answer", body)

        # A stream that is not given back ends by its own time.
        @command(name="members.end_stream", group="members", timeout=TIMEOUT, fallback=None)
        async def end(account: int, session: str) -> Any:
            return await _ask(peer, "DELETE", f"/streams/{session}?account={account}")

        self.licence, self.take, self.keep, self.end = licence, take, keep, end


class TitleCalls:
    """What is asked of the titles service."""

    def __init__(self, glue: Glue) -> None:
        peer = glue.peer("titles")

        @command(name="titles.all", group="titles", timeout=TIMEOUT, attempts=2)
        async def all_cards() -> Any:
            return await _ask(peer, "GET", "/titles")

        @command(name="titles.get", group="titles", timeout=TIMEOUT, attempts=2)
        async def get(title: str) -> Any:
            return await _ask(peer, "GET", f"/titles/{quote(title)}")

        @command(name="titles.art", group="titles", timeout=TIMEOUT, attempts=2)
        async def art(name: str) -> Any:
            return await _ask(peer, "GET", f"/art/{quote(name)}")

        @command(name="titles.files", group="titles", timeout=TIMEOUT, attempts=2)
        async def files(title: str, device: str, kbps: int) -> Any:
            body = {"title": title, "device": device, "kbps": kbps}
            return await _ask(peer, "POST", "/files", body)

        self.all, self.get, self.art, self.files = all_cards, get, art, files


class SteeringCalls:
    """What is asked of the steering service; its last table of appliances is kept to stand in."""

    def __init__(self, glue: Glue) -> None:
        peer = glue.peer("steering")
        secret = glue.settings.secrets.url
        self._table: list[dict[str, Any]] = []

        def from_last_table(ask: dict[str, Any]) -> dict[str, Any]:
            answer = steer(ask, self._table, secret, time.time(), trust_silence=True)
            return {**answer, "fallback": "the last ranking that is known"}

        @command(
            name="steering.steer", group="steering", timeout=TIMEOUT, attempts=2,
            fallback=from_last_table,
        )  # fmt: skip
        async def call(ask: dict[str, Any]) -> Any:
            answer = await _ask(peer, "POST", "/steer", ask)
            if not answer["urls"] and self._table:
                # A steering service that has just begun has not heard the appliances yet.
                raise CallError("steering", 503, answer)
            self._table = answer["table"] or self._table
            return answer

        self.steer = call
