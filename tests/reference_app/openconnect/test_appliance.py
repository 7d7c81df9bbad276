"""A real appliance on a real socket."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvloop
from reference_app.openconnect import appliance as appliance_module
from reference_app.openconnect.appliance import Appliance
from reference_app.openconnect.networks import SITES
from reference_app.openconnect.signing import Claims, sign

NOW = 5_000.0
SECRET = "secret"
BODY = bytes(range(256)) * 4096  # 1 MiB, so that sending takes several turns
TRACE = "a" * 32
CLAIMS = Claims(
    account=7,
    device="tv",
    address="192.0.2.17",
    mbit=None,
    title="quiet-orbit",
    session="5f0c",
    traceparent=f"00-{TRACE}-{'b' * 16}-01",
)


def film(root: Path, title: str) -> None:
    folder = root / title
    folder.mkdir(parents=True)
    (folder / "master.m3u8").write_bytes(b"#EXTM3U\n")
    (folder / "720p_init.mp4").write_bytes(b"init")
    (folder / "720p_000.m4s").write_bytes(BODY)
    (folder / "title.json").write_text("{}")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return json.loads(self.body)["error"]["code"]


@dataclass
class Told:
    served: list[dict[str, Any]] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)


class Client:
    """One connection; many requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", "Host: x"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        return await self.answer(with_body=method != "HEAD")

    async def answer(self, *, with_body: bool = True) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in rest)
        size = int(headers.get("content-length", 0)) if with_body else 0
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(size))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def oca(tmp_path: Path, told: Told) -> AsyncIterator[Appliance]:
    film(tmp_path, "quiet-orbit")
    async with Appliance(
        SITES["oca-b2"],
        tmp_path,
        SECRET,
        on_served=told.served.append,
        on_heartbeat=_keeper(told),
        heartbeat=0.01,
        clock=lambda: NOW,
    ) as appliance:
        yield appliance


def _keeper(told: Told) -> Callable[[dict[str, Any]], Any]:
    async def keep(beat: dict[str, Any]) -> None:
        told.beats.append(beat)

    return keep


@asynccontextmanager
async def connected(oca: Appliance) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(oca.host, oca.port, limit=1 << 22)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


def path(name: str, *, title: str = "quiet-orbit", ttl: float = 720, **claims: Any) -> str:
    segment = sign(SECRET, replace(CLAIMS, **claims), NOW, ttl)
    return f"/v/{segment}/{title}/{name}"


async def get(oca: Appliance, target: str, method: str = "GET", **headers: str) -> Answer:
    async with connected(oca) as client:
        return await client.ask(target, method, **headers)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what changes is in another task's hands
            await asyncio.sleep(0)


async def test_a_file_is_served_with_what_a_browser_needs(oca: Appliance) -> None:
    answer = await get(oca, path("master.m3u8"))
    assert (answer.status, answer.body) == (200, b"#EXTM3U\n")
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["x-oca"] == "oca-b2"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["timing-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert exposed == ["x-oca", "content-range", "content-length"]


async def test_ranges_and_heads_on_one_connection(oca: Appliance) -> None:
    target = path("720p_000.m4s")
    async with connected(oca) as client:
        whole = await client.ask(target)
        part = await client.ask(target, Range="bytes=100-299")
        tail = await client.ask(target, Range="bytes=-7")
        head = await client.ask(target, "HEAD", Range="bytes=100-299")
        over = await client.ask(target, Range=f"bytes={len(BODY)}-")
        stale = await client.ask(target, Range="bytes=0-1", If_Range='"other"')
        fresh = await client.ask(target, Range="bytes=0-1", If_Range=whole.headers["etag"])
    assert whole.body == BODY
    assert (part.status, part.body) == (206, BODY[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(BODY)}"
    assert tail.body == BODY[-7:]
    assert (head.status, head.headers["content-length"]) == (200, str(len(BODY)))
    assert (over.status, over.headers["content-range"]) == (416, f"bytes */{len(BODY)}")
    assert (stale.status, fresh.status) == (200, 206)


async def test_pipelined_requests_are_answered_in_order(oca: Appliance) -> None:
    async with connected(oca) as client:
        for name in ("master.m3u8", "720p_init.mp4"):
            client.writer.write(f"GET {path(name)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await client.answer()).body == b"#EXTM3U\n"
        assert (await client.answer()).body == b"init"


async def test_who_may_not_see_a_film(oca: Appliance) -> None:
    forged = path("master.m3u8").replace("/quiet-orbit", "x/quiet-orbit", 1)
    answers = {
        "signature_forged": await get(oca, forged),
        "signature_malformed": await get(oca, "/v/nothing/quiet-orbit/master.m3u8"),
        "signature_expired": await get(oca, path("master.m3u8", ttl=-1)),
        "signature_other_title": await get(oca, path("master.m3u8", title="glass-harbour")),
        "not_announced": await get(oca, path("master.m3u8", address="2001:db8::1")),
    }
    for code, answer in answers.items():
        assert (answer.status, answer.code) == (403, code)
        assert answer.headers["x-oca"] == "oca-b2"
    trace = json.loads(answers["not_announced"].body)["error"]["trace"]
    assert trace == TRACE


async def test_a_claim_that_is_no_address_is_refused(oca: Appliance) -> None:
    assert (await get(oca, path("master.m3u8", address="home"))).code == "not_announced"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/v",
        path("absent.m4s"),
        path("../../etc/passwd"),
        path("..%2f..%2fetc%2fpasswd"),
        path("%2e%2e"),
        path("a%00.m4s"),
        path(""),
        path("master.m3u8") + "/x",
    ],
)
async def test_what_is_not_there(oca: Appliance, target: str) -> None:
    answer = await get(oca, target)
    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_preflight_is_let_through(oca: Appliance) -> None:
    answer = await get(oca, path("master.m3u8"), "OPTIONS", Origin="http://127.0.0.1:7700")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "range, if-range"


async def test_health_needs_no_signature(oca: Appliance) -> None:
    answer = await get(oca, "/healthz")
    assert json.loads(answer.body) == {"name": "oca-b2", "zone": "b", "titles": 1}


async def test_other_methods_are_refused(oca: Appliance) -> None:
    answer = await get(oca, path("master.m3u8"), "DELETE")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000 + b"\r\n\r\n", 431),
    ],
)
async def test_what_cannot_be_understood_ends_the_connection(
    oca: Appliance, sent: bytes, status: int
) -> None:
    async with connected(oca) as client:
        client.writer.write(sent)
        answer = await client.answer()
        assert answer.status == status
        assert answer.headers["connection"] == "close"
        # What it did not read of us makes the kernel hang up hard.
        with contextlib.suppress(ConnectionResetError):
            assert await client.reader.read() == b""


async def test_the_first_segment_of_a_session_is_told_once(oca: Appliance, told: Told) -> None:
    async with connected(oca) as client:
        await client.ask(path("master.m3u8"))
        await client.ask(path("720p_init.mp4"))
        await client.ask(path("720p_000.m4s"), "HEAD")
        assert told.served == []
        await client.ask(path("720p_000.m4s"), Range="bytes=0-999")
        await client.ask(path("720p_000.m4s"))
        await client.ask(path("720p_000.m4s", session="other"))
        await client.ask("/healthz")
    first, other = told.served
    assert first == {
        "session": "5f0c",
        "traceparent": CLAIMS.traceparent,
        "title": "quiet-orbit",
        "oca": "oca-b2",
        "started": NOW,
        "ms": 0.0,
        "bytes": 1000,
    }
    assert other["session"] == "other"


async def test_a_viewer_that_leaves_is_not_served(oca: Appliance, told: Told) -> None:
    async with connected(oca) as client:
        client.writer.write(
            f"GET {path('720p_000.m4s', mbit=2)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        )
        await client.reader.readexactly(100)
    await until(lambda: oca.report().connections == 0)
    assert told.served == []


async def test_a_raising_listener_does_not_break_the_film(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def served(_: dict[str, Any]) -> None:
        raise RuntimeError("no collector")

    async def beat(_: dict[str, Any]) -> None:
        raise OSError("no steering")

    film(tmp_path, "quiet-orbit")
    oca = Appliance(
        SITES["oca-b2"], tmp_path, SECRET, on_served=served, on_heartbeat=beat, clock=lambda: NOW
    )
    async with oca, connected(oca) as client:
        for _ in range(2):
            assert (await client.ask(path("720p_000.m4s"))).body == BODY
    assert caplog.text.count("heartbeats do not arrive") == 1
    assert "no collector" in caplog.text


async def test_a_paced_film_is_whole_and_not_faster_than_the_line(oca: Appliance) -> None:
    begun = time.perf_counter()
    answer = await get(oca, path("720p_000.m4s", mbit=8), Range="bytes=0-299999")
    # 300 kB at 1 MB/s, of which a tenth of a second's worth may go at once.
    assert time.perf_counter() - begun >= 0.19
    assert answer.body == BODY[:300_000]


async def test_heartbeats_say_what_the_appliance_is(oca: Appliance, told: Told) -> None:
    await until(lambda: len(told.beats) >= 2)
    beat = told.beats[-1]
    assert (beat["name"], beat["zone"], beat["health"]) == ("oca-b2", "b", "ok")
    assert (beat["host"], beat["port"]) == (oca.host, oca.port)
    assert beat["contents"] == ["quiet-orbit"]
    assert beat["routes"][0] == {"prefix": "192.0.2.0/24", "kind": "inside"}
    assert beat["at"] == NOW


async def test_a_new_film_appears_in_the_heartbeats(
    oca: Appliance, told: Told, tmp_path: Path
) -> None:
    film(tmp_path, "glass-harbour")
    await until(lambda: told.beats[-1]["contents"] == ["glass-harbour", "quiet-orbit"])
    claims = replace(CLAIMS, title="glass-harbour")
    target = f"/v/{sign(SECRET, claims, NOW, 9)}/glass-harbour/master.m3u8"
    assert (await get(oca, target)).status == 200


async def test_load_is_told(oca: Appliance, told: Told) -> None:
    async with connected(oca) as client:
        await client.ask(path("720p_000.m4s"))
        await until(lambda: any(beat["load"]["mbit"] > 0 for beat in told.beats))
        await until(lambda: told.beats[-1]["load"]["connections"] == 1)


async def test_films_that_cannot_be_read_are_told_as_failing(
    tmp_path: Path, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "films"
    async with Appliance(
        SITES["oca-a1"], root, SECRET, on_served=told.served.append,
        on_heartbeat=_keeper(told), heartbeat=0.01,
    ):  # fmt: skip
        await until(lambda: bool(told.beats))
        assert told.beats[-1]["health"] == "failing"
        film(root, "quiet-orbit")
        await until(lambda: told.beats[-1]["health"] == "ok")
    assert told.beats[-1]["health"] == "closing"
    assert caplog.text.count("the films cannot be read") == 1


async def test_a_silent_connection_is_hung_up_on(
    oca: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance_module, "IDLE_SECONDS", 0.01)
    async with connected(oca) as client:
        client.writer.write(b"GET / HT")
        assert await client.reader.read() == b""


async def _last_words(client: Client) -> bytes:
    try:
        return await client.reader.read()
    except ConnectionResetError:
        return b""


async def test_closing_hangs_up_on_everybody(tmp_path: Path, told: Told) -> None:
    film(tmp_path, "quiet-orbit")
    oca = Appliance(
        SITES["oca-b2"], tmp_path, SECRET, on_served=told.served.append, on_heartbeat=_keeper(told)
    )
    await oca.start()
    async with connected(oca) as idle, connected(oca) as busy:
        await idle.ask("/healthz")
        target = (
            f"/v/{sign(SECRET, replace(CLAIMS, mbit=2), time.time(), 9)}/quiet-orbit/720p_000.m4s"
        )
        busy.writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await busy.reader.readexactly(100)
        await oca.close()
        assert await _last_words(idle) == b""
        assert len(await _last_words(busy)) < len(BODY)
    with pytest.raises(OSError):
        await asyncio.open_connection(oca.host, oca.port)


def test_it_serves_on_uvloop_too(tmp_path: Path, told: Told) -> None:
    async def main() -> bytes:
        async with Appliance(
            SITES["oca-b2"], tmp_path, SECRET, on_served=told.served.append,
            on_heartbeat=_keeper(told), clock=lambda: NOW,
        ) as oca:  # fmt: skip
            return (await get(oca, path("720p_000.m4s"))).body

    film(tmp_path, "quiet-orbit")
    assert uvloop.run(main()) == BODY
