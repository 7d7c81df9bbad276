"""The booth over real sockets: what its page, a peer and a stranger get."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reference_app.booth import BoothServer, booth_app
from reference_app.booth.patch import apply

Scheduler = Any  # the class in conftest.py
NOW_NS = 1_700_000_000_000_000_000


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["error"]["code"])


class Client:
    """A browser as far as the booth can tell, or less: headers are as given."""

    def __init__(self, server: BoothServer) -> None:
        self.server = server
        self.port = server.servers[0].sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.cookie: dict[str, str] = {}

    async def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        async with self.open(method, path, body, headers) as (status, answered, reader):
            return Answer(status, answered, await reader.read())

    @asynccontextmanager
    async def open(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> AsyncIterator[tuple[int, dict[str, str], asyncio.StreamReader]]:
        data = body if isinstance(body, bytes) else b"" if body is None else _text(body)
        sent = {"Host": self.host, "Connection": "close", "Content-Length": str(len(data))}
        lines = [f"{name}: {value}" for name, value in {**sent, **(headers or {})}.items()]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(head.encode() + data)
            status, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = [line.split(": ", 1) for line in rest if line]
            yield int(status.split()[1]), {name.lower(): value for name, value in pairs}, reader
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def sign_in(self) -> dict[str, str]:
        """Open a session; returns the headers of an action."""
        answer = await self.ask("POST", "/booth/session", {"token": "secret"})
        assert answer.status == 204
        self.cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
        return {**self.cookie, "x-booth": "1", "Origin": f"http://{self.host}"}


def _text(body: object) -> bytes:
    return json.dumps(body).encode()


def export(name: str, span: str, **fields: str) -> dict[str, Any]:
    attributes = [{"key": key, "value": {"stringValue": text}} for key, text in fields.items()]
    told = {
        "traceId": "a" * 32,
        "spanId": span * 16,
        "name": name,
        "startTimeUnixNano": str(NOW_NS),
        "endTimeUnixNano": str(NOW_NS + 5_000_000),
        "attributes": attributes,
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [told]}]}]}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "booth.html").write_text("<!doctype html><title>Booth</title>")
    (folder / "assets" / "booth-1a2b.js").write_text("export {}")
    (folder / "assets" / "text-1a2b.woff2").write_bytes(b"wOF2")
    (tmp_path / "secret.txt").write_text("not yours")
    return folder


@pytest.fixture
async def client(scheduler: Scheduler, dist: Path) -> AsyncIterator[Client]:
    app = booth_app(
        token="secret",
        peer_token="peer",
        dist=dist,
        tasks=scheduler.tasks,
        agents=scheduler.agents,
        fault=scheduler.fault,
        restore_zone=scheduler.restore_zone,
        clock=lambda: scheduler.now,
        allowed_hosts=["127.0.0.1"],
        tick=0.02,
    )
    server = BoothServer(app, port=0)
    started = asyncio.Event()
    startup = server.startup

    async def startup_told(sockets: Any = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = startup_told  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    await started.wait()
    yield Client(server)
    server.should_exit = True
    async with asyncio.timeout(5):
        await serving


async def messages(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while line := await reader.readline():
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


async def test_the_token_is_exchanged_for_a_cookie(client: Client) -> None:
    refused = await client.ask("POST", "/booth/session", {"token": "wrong"})
    assert (refused.status, refused.code) == (403, "wrong_token")
    assert len(refused.json()["error"]["trace"]) == 32
    assert refused.headers["x-trace"] == refused.json()["error"]["trace"]
    answer = await client.ask("POST", "/booth/session", {"token": "secret"})
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("halation_booth=")
    assert {flag.lower() for flag in flags} == {"httponly", "samesite=strict", "path=/booth"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/booth/stream?topics=zones"),
        ("GET", "/booth/plays/" + "a" * 32),
        ("GET", "/booth/faults"),
        ("POST", "/booth/break"),
        ("POST", "/booth/restore"),
    ],
)
async def test_nothing_without_the_cookie(client: Client, method: str, path: str) -> None:
    answer = await client.ask(method, path, {})
    assert (answer.status, answer.code) == (401, "no_session")


@pytest.mark.parametrize(
    "path", ["/", "/booth/faults", "/v1/traces", "/assets/booth-1a2b.js", "/booth/session"]
)
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.test"}, {"Origin": "http://evil.test"}, {"Origin": "http://127.0.0.1:1"}],
)
async def test_strangers_get_nothing(client: Client, path: str, headers: dict[str, str]) -> None:
    answer = await client.ask("GET", path, headers=headers)
    assert answer.status == 403
    assert answer.json()["error"]["message"]


async def test_actions_need_the_header(client: Client) -> None:
    await client.sign_in()
    answer = await client.ask("POST", "/booth/restore", headers=client.cookie)
    assert (answer.status, answer.code) == (403, "no_booth_header")


async def test_the_stream_begins_with_snapshots_and_goes_on_with_patches(client: Client) -> None:
    await client.sign_in()
    state: dict[str, object] = {}
    revisions: dict[str, int] = {}
    peer = {"x-peer": "peer", "Content-Type": "application/json"}
    path = "/booth/stream?topics=zones,plays,broken,slo"
    async with client.open("GET", path, headers=client.cookie) as (status, headers, reader):
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        async with asyncio.timeout(10):
            async for message in messages(reader):
                topic = message["topic"]
                if message["kind"] == "snapshot":
                    assert topic not in state
                    state[topic] = message["data"]
                    if len(state) == 4:
                        posted = await client.ask(
                            "POST", "/v1/traces", export("play", "1", title="t"), peer
                        )
                        assert posted.json() == {"partialSuccess": {}}
                else:
                    assert message["rev"] == revisions[topic] + 1
                    state[topic] = apply(state[topic], message["data"])
                revisions[topic] = message["rev"]
                if (plays := state.get("plays")) and plays["order"]:  # type: ignore[index]
                    break
    assert state["plays"]["plays"]["a" * 32]["title"] == "t"  # type: ignore[index]
    assert state["zones"]["sentence"].startswith("4 of 4 tasks run.")  # type: ignore[index]


@pytest.mark.parametrize("topics", ["zones,nothing", "", ","])
async def test_unknown_topics_are_refused(client: Client, topics: str) -> None:
    await client.sign_in()
    answer = await client.ask("GET", f"/booth/stream?topics={topics}", headers=client.cookie)
    assert (answer.status, answer.code) == (400, "unknown_topic")


async def test_a_server_that_ends_ends_its_streams(client: Client) -> None:
    await client.sign_in()
    async with client.open("GET", "/booth/stream", headers=client.cookie) as (_, _, reader):
        assert b"retry" in await reader.readuntil(b"\n\n")
        client.server.should_exit = True
        async with asyncio.timeout(5):
            assert (await reader.read()).endswith(b"0\r\n\r\n")


async def test_break_and_restore(client: Client, scheduler: Scheduler) -> None:
    action = await client.sign_in()
    await client.ask("GET", "/booth/stream?topics=nothing", headers=client.cookie)
    wish = {"target": "oca-b2-1", "action": "stop", "seconds": 20}
    broken = await client.ask("POST", "/booth/break", wish, action)
    assert broken.status == 202
    assert broken.json()["id"]
    again = await client.ask("POST", "/booth/break", wish, action)
    assert (again.status, again.code) == (409, "already_broken")
    faults = await client.ask("GET", "/booth/faults", headers=client.cookie)
    assert {"target": "zone-b", "action": "kill"}.items() <= faults.json()[-1].items()
    assert (await client.ask("POST", "/booth/restore", headers=action)).status == 202
    assert scheduler.orders == [("oca-b2-1", "STOP", 20), ("oca-b2-1", "CONT", None)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b"x" * 5000, 413, "too_large"),
        ({"target": 1, "action": "kill"}, 400, "bad_request"),
        ({"target": "oca-b2-1", "action": "kill", "seconds": 0}, 400, "bad_request"),
        ({"target": "oca-b2-1", "action": "kill", "seconds": True}, 400, "bad_request"),
        ({"target": "oca-b2-1", "action": "kill", "seconds": 301}, 400, "bad_request"),
        ({"target": "booth-1", "action": "kill"}, 404, "unknown_fault"),
    ],
)
async def test_a_wish_that_makes_no_sense(
    client: Client, body: object, status: int, code: str
) -> None:
    answer = await client.ask("POST", "/booth/break", body, await client.sign_in())
    assert (answer.status, answer.code) == (status, code)


async def test_a_scheduler_that_does_not_obey(client: Client, scheduler: Scheduler) -> None:
    action = await client.sign_in()
    wish = {"target": "oca-b2-1", "action": "kill"}
    assert (await client.ask("GET", "/booth/faults", headers=client.cookie)).status == 200
    broken = await client.ask("POST", "/booth/break", wish, action)
    scheduler.silent = True
    wish["target"] = "play-api-1"
    answer = await client.ask("POST", "/booth/break", wish, action)
    assert (broken.status, answer.status, answer.code) == (202, 502, "scheduler_failed")
    assert "nobody listens" in answer.json()["error"]["message"]


async def test_telemetry_is_taken_from_peers_only(client: Client) -> None:
    body, json_type = export("play", "1"), {"Content-Type": "application/json"}
    stranger = await client.ask("POST", "/v1/traces", body, json_type)
    assert (stranger.status, stranger.code) == (403, "not_a_peer")
    peer = {"x-peer": "peer"}
    assert (await client.ask("POST", "/v1/traces", body, peer)).code == "not_json"
    packed = {**peer, **json_type, "Content-Encoding": "gzip"}
    assert (await client.ask("POST", "/v1/traces", body, packed)).code == "compressed"
    broken = await client.ask("POST", "/v1/traces", b"{", {**peer, **json_type})
    assert (broken.status, broken.code) == (400, "bad_telemetry")
    half = await client.ask("POST", "/v1/traces", export("play", "x"), {**peer, **json_type})
    assert half.json()["partialSuccess"]["rejectedSpans"] == "1"


async def test_a_play_is_told_to_the_page_and_to_the_terminal(client: Client) -> None:
    await client.sign_in()
    peer = {"x-peer": "peer", "Content-Type": "application/json; charset=utf-8"}
    assert (await client.ask("GET", "/booth/trace/last", headers=peer)).code == "no_play"
    body = export("play", "1", title="t", title_name="Slow Orbit")
    await client.ask("POST", "/v1/traces", body, peer)
    page = await client.ask("GET", "/booth/plays/" + "A" * 32, headers=client.cookie)
    assert page.json()["identity"]["title_name"] == "Slow Orbit"
    assert [row["name"] for row in page.json()["spans"]] == ["play"]
    for which in ("last", "a" * 32):
        told = await client.ask("GET", f"/booth/trace/{which}", headers=peer)
        assert told.json()["title_name"] == "Slow Orbit"
        assert len(told.json()["steps"]) == 5
    lines = await client.ask("GET", "/booth/traces?limit=5", headers=peer)
    assert [line["trace"] for line in lines.json()] == ["a" * 32]
    assert (await client.ask("GET", "/booth/traces?limit=0", headers=peer)).status == 400
    assert (await client.ask("GET", "/booth/traces", headers=client.cookie)).status == 403
    unknown = await client.ask("GET", "/booth/plays/" + "b" * 32, headers=client.cookie)
    assert (unknown.status, unknown.code) == (404, "no_trace")


@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/plays/abc", "text/html; charset=utf-8", "no-cache"),
        ("/assets/booth-1a2b.js", "text/javascript; charset=utf-8", "immutable"),
        ("/assets/text-1a2b.woff2", "font/woff2", "immutable"),
    ],
)
async def test_the_page(client: Client, path: str, kind: str, kept: str) -> None:
    answer = await client.ask("GET", path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert kept in answer.headers["cache-control"]
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    again = await client.ask("GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    head = await client.ask("HEAD", path)
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing.js", 404),
        ("GET", "/../secret.txt", 404),
        ("GET", "/%2e%2e/secret.txt", 404),
        ("GET", "/assets/..%2f..%2fsecret.txt", 404),
        ("GET", "/%00.js", 404),
        ("POST", "/", 405),
        ("GET", "/booth/session", 404),
        ("GET", "/booth/nothing", 404),
        ("DELETE", "/booth/faults", 405),
    ],
)
async def test_what_is_not_there(client: Client, method: str, path: str, status: int) -> None:
    answer = await client.ask(method, path)
    assert answer.status == status
    assert answer.json()["error"]["message"]


async def test_a_page_that_is_not_built_says_so(client: Client, dist: Path) -> None:
    (dist / "booth.html").unlink()
    answer = await client.ask("GET", "/")
    assert (answer.status, answer.code) == (503, "no_page")
    assert "make web" in answer.json()["error"]["message"]
