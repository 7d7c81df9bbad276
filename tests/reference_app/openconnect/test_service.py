"""The steering service on a real server, and its pure stand-in."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn
from reference_app.openconnect.networks import HOMES
from reference_app.openconnect.service import steer, steering_app
from reference_app.openconnect.signing import verify
from reference_app.server import ApiError

from .beats import NOW, TITLES, beat, fleet

ASK = {
    "address": HOMES["flat"].address,
    "title": TITLES[0],
    "account": 7,
    "device": "tv",
    "mbit": 25,
    "session": "5f0c",
    "traceparent": None,
    "seconds": 120,
}


@dataclass
class Steering:
    base: str = ""
    now: float = NOW

    async def ask(self, path: str, body: object = None) -> tuple[int, Any]:
        return await asyncio.to_thread(self._ask, path, body)

    def _ask(self, path: str, body: object) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.base + path, data)) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())["error"]["code"]


@pytest.fixture
async def steering() -> AsyncIterator[Steering]:
    told = Steering()
    app = steering_app("secret", clock=lambda: told.now)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    told.base = f"http://127.0.0.1:{port}"
    yield told
    server.should_exit = True
    await serving


async def test_a_play_is_steered_by_what_was_heard(steering: Steering) -> None:
    for appliance in fleet():
        # Its own clock says something else: what counts is when it was heard.
        assert await steering.ask("/heartbeat", replace(appliance, at=1.0).as_json()) == (204, None)
    status, answer = await steering.ask("/steer", ASK)
    assert status == 200
    assert [url["host"] for url in answer["urls"]] == ["oca-b2", "oca-c1", "oca-a1"]
    first = answer["urls"][0]
    assert (first["network"], first["distance"]) == ("inside your provider", 1)
    _, _, _, _, segment, title, name = first["url"].split("/")
    assert (title, name) == (TITLES[0], "master.m3u8")
    assert verify("secret", segment, title, NOW).session == "5f0c"
    assert [row["name"] for row in answer["table"]] == ["oca-a1", "oca-b2", "oca-c1"]


async def test_a_ranking_can_be_looked_at(steering: Steering) -> None:
    await steering.ask("/heartbeat", beat("oca-b2").as_json())
    path = f"/rank?address={ASK['address']}&title={ASK['title']}"
    _, answer = await steering.ask(path)
    assert answer["ranked"] == [
        {
            "host": "oca-b2",
            "network": "inside your provider",
            "distance": 1,
            "prefix": "192.0.2.0/24",
            "km": 0,
            "alive": True,
            "full": False,
            "reason": "inside the provider (192.0.2.0/24), 0 km, 0 of 400 Mbit/s in use",
        }
    ]


async def test_the_silent_are_last_and_then_forgotten(steering: Steering) -> None:
    await steering.ask("/heartbeat", beat("oca-b2").as_json())
    steering.now += 4
    await steering.ask("/heartbeat", beat("oca-a1").as_json())
    _, answer = await steering.ask("/steer", ASK)
    assert [url["host"] for url in answer["urls"]] == ["oca-a1", "oca-b2"]
    _, heard = await steering.ask("/appliances")
    assert {row["name"]: row["alive"] for row in heard["appliances"]} == {
        "oca-a1": True,
        "oca-b2": False,
    }
    steering.now += 58
    _, heard = await steering.ask("/appliances")
    assert [row["name"] for row in heard["appliances"]] == ["oca-a1"]


async def test_nobody_to_steer_to_is_an_empty_list(steering: Steering) -> None:
    assert await steering.ask("/steer", ASK) == (200, {"urls": [], "table": []})


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/heartbeat", {"name": "oca-a1"}, "bad_heartbeat"),
        ("/heartbeat", [], "bad_json"),
        ("/steer", {**ASK, "address": "home"}, "bad_field"),
        ("/steer", {**ASK, "mbit": 0}, "bad_field"),
        ("/steer", {**ASK, "seconds": True}, "bad_field"),
        ("/steer", {**ASK, "seconds": -1}, "bad_field"),
        ("/steer", {}, "bad_field"),
        ("/rank?address=home&title=x", None, "bad_field"),
    ],
)
async def test_what_is_wrong_is_said(
    steering: Steering, path: str, body: object, code: str
) -> None:
    assert await steering.ask(path, body) == (400, code)


def test_the_last_table_stands_in() -> None:
    table = [beat("oca-a1", at=NOW).as_json(), beat("oca-b2", at=NOW - 5).as_json()]
    later = NOW + 300
    answer = steer(ASK, table, "secret", later, trust_silence=True)
    # As it was when the table was new: oca-a1 was well, and oca-b2 already silent.
    assert [url["host"] for url in answer["urls"]] == ["oca-a1", "oca-b2"]
    assert "in use" in answer["urls"][0]["reason"]
    assert answer["table"] == table
    segment = answer["urls"][0]["url"].split("/")[4]
    assert verify("secret", segment, TITLES[0], later + 719).account == 7
    # Judged as of now both are silent, and only geography is left.
    now = steer(ASK, table, "secret", later)
    assert [url["host"] for url in now["urls"]] == ["oca-b2", "oca-a1"]


def test_an_empty_table_steers_nowhere() -> None:
    assert steer(ASK, [], "secret", NOW, trust_silence=True)["urls"] == []


def test_the_stand_in_refuses_alike() -> None:
    with pytest.raises(ApiError) as caught:
        steer({**ASK, "title": None}, [], "secret", NOW)
    assert (caught.value.status, caught.value.code) == (400, "bad_field")
