"""A member without a browser: signs in, plays, fetches what a player would fetch.

`refapp up` plays its first title with it, `refapp tour` and the tests keep it playing while things
are killed. It fails over as the page does: by the host that failed, never by a plain toggle.
"""

from __future__ import annotations

import http.client
import json
import time
import uuid
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin, urlsplit

FIRST_BYTE = 1.5
"""Seconds an appliance has to begin its answer."""


class ClientError(Exception):
    """An answer that was not the one asked for."""

    def __init__(self, what: str, status: int, body: bytes) -> None:
        super().__init__(f"{what}: {status} {body[:200].decode(errors='replace')}")
        self.status, self.body = status, body


class MemberClient:
    """One member at one screen. Blocking; not for several threads."""

    def __init__(self, house: str, *, timeout: float = 8.0) -> None:
        self._house, self._timeout = urlsplit(house), timeout
        self._cookie = ""

    def request(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Any:
        """One JSON call to the house. Raises `ClientError` for any status over 399."""
        sent = {"accept": "application/json", "cookie": self._cookie, **(headers or {})}
        data = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection(
            self._house.hostname or "", self._house.port, timeout=self._timeout
        )
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ClientError(f"{method} {path}", response.status, text)
        for value in response.headers.get_all("set-cookie") or []:
            for name, morsel in SimpleCookie(value).items():
                self._cookie = f"{name}={morsel.value}"
        return json.loads(text) if text else None

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """Session and seats."""
        body = {"email": email, "password": password}
        answer: dict[str, Any] = self.request("POST", "/discovery/session", body)
        return answer

    def play(
        self, title: str, seat: str, *, device: str = "tv", session: str | None = None,
        home: str | None = None,
    ) -> Film:  # fmt: skip
        """Ask for a title. The session is the idempotency key; a new one where none is given."""
        session = session or str(uuid.uuid4())
        body = {"title": title, "seat": seat, "device": device}
        if home:
            body["home"] = home
        answer = self.request("POST", "/play", body, {"idempotency-key": session})
        return Film(answer)


@dataclass
class Film:
    """A film that is being fetched: where it comes from, and which hosts have failed."""

    answer: dict[str, Any]
    failed: set[str] = field(default_factory=set)
    served_by: str = ""
    failovers: list[str] = field(default_factory=list)
    _segments: list[str] = field(default_factory=list)

    def fetch(self, path: str) -> bytes:
        """One file of the film from the best host that has not failed."""
        for url in self.answer["urls"]:
            if url["host"] in self.failed:
                continue
            try:
                data, oca = _get(urljoin(url["url"], path))
            except (OSError, ClientError):
                self.failed.add(url["host"])
                self.failovers.append(url["host"])
                continue
            self.served_by = oca
            return data
        raise ClientError("no appliance is left", 503, b"")

    def segment(self, index: int) -> bytes:
        """Media segment number `index` of the rendition that the answer starts with."""
        if not self._segments:
            master = self.fetch("master.m3u8").decode().splitlines()
            variants = [line for line in master if line and not line.startswith("#")]
            start = min(self.answer["start"], len(variants) - 1)
            media = self.fetch(variants[start]).decode().splitlines()
            self._segments = [
                urljoin(variants[start], line)
                for line in media
                if line and not line.startswith("#")
            ]
        return self.fetch(self._segments[index % len(self._segments)])


def _get(url: str) -> tuple[bytes, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=FIRST_BYTE)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        data = response.read()
    finally:
        connection.close()
    if response.status >= 400:
        raise ClientError(f"GET {parts.path.rsplit('/', 1)[-1]}", response.status, data)
    return data, response.headers.get("x-oca", "")


def page(url: str) -> bytes:
    """A page as a browser would fetch it. Raises `ClientError` for any status over 399."""
    return _get(url)[0]


def first_play(house: str, email: str, password: str) -> list[tuple[str, float, str]]:
    """Sign in, play the first title that is ready, fetch its first segment: the five steps."""
    member = MemberClient(house)
    seats = member.sign_in(email, password)["seats"]
    seat = seats[0]["id"]
    row = member.request("GET", f"/discovery/rows/tonight?seat={seat}")
    title = next((card for card in row["items"] if card["ready"]), None)
    if title is None:
        raise ClientError("no title is ready", 503, b"")
    film = member.play(title["id"], seat)
    begun = time.perf_counter()
    film.segment(0)
    served = (time.perf_counter() - begun) * 1e3
    steps = [(step["name"], step["ms"], "") for step in film.answer["steps"]]
    member.request("POST", f"/play/{film.answer['session']}/stop")
    return [*steps, ("served", round(served, 1), film.served_by)]
