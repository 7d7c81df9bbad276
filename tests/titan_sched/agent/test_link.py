import asyncio

import pytest
from titan_sched.agent.link import Link
from titan_sched.errors import TokenRefusedError


@pytest.fixture
async def server():
    """`await server(answer)` serves these bytes once a request; the link to it."""
    opened = []

    async def start(*answers):
        left = list(answers)

        async def serve(reader, writer):
            try:
                while left:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode()
                    length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                    await reader.readexactly(length)
                    writer.write(left.pop(0))
                    await writer.drain()
            except asyncio.IncompleteReadError:
                pass
            finally:
                writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        link = Link(lambda: f"http://127.0.0.1:{port}", "token")
        opened.append((listening, link))
        return link

    yield start
    for listening, link in opened:
        link.close()
        listening.close()


def ok(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def test_two_calls_on_one_connection(server):
    link = await server(ok(b'{"a": 1}'), ok(b'{"a": 2}'))
    assert [await link.post("/x", {}, 5), await link.post("/x", {}, 5)] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000,
    ],
)
async def test_no_good_answer_is_an_os_error_and_the_next_call_connects_anew(server, answer):
    link = await server(answer)
    with pytest.raises(OSError, match=r".+"):
        await link.post("/x", {}, 5)
    assert link._streams is None or answer.startswith(b"HTTP/1.1 500")


async def test_a_wrong_token_is_told_apart(server):
    link = await server(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(TokenRefusedError):
        await link.post("/x", {}, 5)


async def test_nobody_there_and_no_address_yet():
    def no_address():
        raise ValueError("half written")

    with pytest.raises(OSError, match="half written"):
        await Link(no_address, "t").post("/x", {}, 5)
