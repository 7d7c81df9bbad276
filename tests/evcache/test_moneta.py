"""The node, as other clients see it; the same expectations hold for memcached."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from evcache.testing import Zones
from pymemcache.client.base import Client


@pytest.fixture
def client(port: int, prefix: str) -> Iterator[Client]:
    client = Client(("127.0.0.1", port), timeout=5, key_prefix=prefix.encode())
    yield client
    client.close()


class TestClassicProtocol:
    def test_set_and_get(self, client: Client) -> None:
        assert client.get("k") is None
        assert client.set("k", b"v", flags=5, noreply=False)
        assert client.get("k") == b"v"

    def test_add_and_replace(self, client: Client) -> None:
        assert client.replace("k", b"0", noreply=False) is False
        assert client.add("k", b"1", noreply=False) is True
        assert client.add("k", b"2", noreply=False) is False
        assert client.replace("k", b"3", noreply=False) is True
        assert client.get("k") == b"3"

    def test_cas(self, client: Client) -> None:
        client.set("k", b"1", noreply=False)
        value, version = client.gets("k")
        assert value == b"1"
        assert client.cas("k", b"2", version) is True
        assert client.cas("k", b"3", version) is False
        assert client.cas("none", b"3", version) is None

    def test_many(self, client: Client) -> None:
        values = {f"key-{n}": b"%d" % n for n in range(300)}
        assert client.set_many(values, noreply=False) == []
        assert client.get_many([*values, "missing"]) == values

    def test_delete_touch_flush(self, client: Client) -> None:
        client.set("k", b"v", noreply=False)
        assert client.touch("k", 100, noreply=False) is True
        assert client.delete("k", noreply=False) is True
        assert client.delete("k", noreply=False) is False
        assert client.touch("k", 100, noreply=False) is False
        client.set("k", b"v", noreply=False)
        assert client.flush_all(noreply=False)
        client.set("other", b"v", noreply=False)
        assert client.get("other") == b"v"

    def test_noreply_keeps_the_stream_whole(self, client: Client) -> None:
        client.set("k", b"v", noreply=True)
        assert client.get("k") == b"v"
        client.delete("k", noreply=True)
        assert client.get("k") is None

    def test_version_and_stats(self, client: Client) -> None:
        assert client.version()
        assert int(client.stats()[b"curr_items"]) >= 0

    def test_a_negative_expiry_is_over_at_once(self, client: Client) -> None:
        client.set("k", b"v", expire=-1, noreply=False)
        assert client.get("k") is None


META = [
    (b"ms k 0\r\n\r\nms none 0\r\n\r\nmd k\r\nmd none\r\n", b"HD\r\n" * 4),
    (b"mg k v f t k O1\r\n", b"EN kk O1\r\n"),
    (b"mg k k O2 N20 R30 c f t v\r\n", b"VA 0 kk O2 c# f0 t20 W\r\n\r\n"),
    (b"mg k k O3 N10 R30 c f t v\r\n", b"VA 0 kk O3 c# f0 t20 Z\r\n\r\n"),
    (b"mg k v f k\r\n", b"VA 0 f0 kk Z\r\n\r\n"),
    (b"ms k 3 k O4 F512 T60 C999999\r\nabc\r\n", b"EX kk O4\r\n"),
    (b"ms k 3 k O4 F512 T60\r\nabc\r\n", b"HD kk O4\r\n"),
    (b"ms k 3 k O5 ME\r\nabc\r\n", b"NS kk O5\r\n"),
    (b"ms none 3 k O5 MR\r\nabc\r\n", b"NS knone O5\r\n"),
    (b"ms none 3 k O5 C7\r\nabc\r\n", b"NF knone O5\r\n"),
    (b"mg k s v\r\n", b"VA 3 s3\r\nabc\r\n"),
    (b"mg k f R30 v\r\n", b"VA 3 f512\r\nabc\r\n"),
    (b"mg k f R90 v\r\n", b"VA 3 f512 W\r\nabc\r\n"),
    (b"mg k f R90 v\r\n", b"VA 3 f512 Z\r\nabc\r\n"),
    (b"mg k k O7 T20\r\n", b"HD kk O7 Z\r\n"),
    (b"mg k t\r\n", b"HD t20 Z\r\n"),
    (b"ms k 3 T60\r\nabc\r\n", b"HD\r\n"),
    (b"md k k O8 C999999\r\n", b"EX kk O8\r\n"),
    (b"md k k O8 I T30\r\n", b"HD kk O8\r\n"),
    (b"mg k v t\r\n", b"VA 3 t30 X W\r\nabc\r\n"),
    (b"mg k v t\r\n", b"VA 3 t30 Z X\r\nabc\r\n"),
    (b"md k\r\n", b"HD\r\n"),
    (b"md k k O9\r\n", b"NF kk O9\r\n"),
    (b"mg none v q\r\nmn\r\n", b"MN\r\n"),
    (b"ms k 1 q\r\na\r\nmn\r\n", b"MN\r\n"),
    (b"md k q\r\nmd k q\r\n", b"NF\r\n"),
    (b"ms k 2 T-1\r\nab\r\nmg k v\r\n", b"HD\r\nEN\r\n"),
    (b"me none\r\n", b"EN\r\n"),
    (b"mg k y\r\n", b"CLIENT_ERROR invalid flag\r\n"),
    (b"nonsense\r\n", b"ERROR\r\n"),
    (b"mg " + b"k" * 251 + b"\r\n", b"CLIENT_ERROR bad command line format\r\n"),
    (
        b"ms k 1048577\r\n" + b"x" * 1048577 + b"\r\n",
        b"SERVER_ERROR object too large for cache\r\n",
    ),
    (b"set k x y\r\n", b"ERROR\r\n"),
]


def test_meta_protocol(port: int) -> None:
    """One dialogue, whose answers were taken from memcached 1.6.18."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
        for command, answer in META:
            stream.sendall(command)
            told = b""
            while told.count(b"\n") < answer.count(b"\n"):
                told += stream.recv(65536)
            told = re.sub(rb" c\d+", b" c#", told)
            # A second may pass between a write and a read.
            told = re.sub(rb" t(\d)9", lambda t: b" t%d0" % (int(t[1]) + 1), told)
            assert told == answer, command[:40]


def _moneta(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "evcache", "moneta", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with _moneta("--port", "0") as node:
        assert node.stdout is not None
        line = node.stdout.readline()
        port = int(line.removeprefix("listening on 127.0.0.1:"))
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
            node.send_signal(number)
            assert stream.recv(1) == b""
        out, err = node.communicate(timeout=10)
    assert (node.returncode, out, err) == (0, "", "")


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _moneta("--port", str(port)) as node:
            _, err = node.communicate(timeout=10)
    assert node.returncode == 1
    assert err == f"evcache moneta: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("options", [("--port", "70000"), ("--memory", "7"), ("--memory", "x")])
def test_bad_options_name_what_is_allowed(options: tuple[str, str]) -> None:
    with _moneta(*options) as node:
        _, err = node.communicate(timeout=10)
    assert node.returncode == 2
    assert options[1] in err


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_client_that_takes_no_replies_costs_no_memory(two: Zones) -> None:
    port = int(two["a"][0].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as stream:
        stream.sendall(b"set k 0 0 1000000\r\n" + b"x" * 1000000 + b"\r\n")
        assert stream.recv(100) == b"STORED\r\n"
        with pytest.raises(TimeoutError):
            stream.sendall(b"mg k v\r\n" * 5_000_000)
        status = Path(f"/proc/{two.pid('a')}/status").read_text()
    assert int(status.partition("VmRSS:")[2].split()[0]) < 60_000
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
        stream.sendall(b"mn\r\n")
        assert stream.recv(100) == b"MN\r\n"
