"""Each engine does its real work once: what every other test relies on."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import kazoo.client
import playwright.async_api
import pymemcache
import pymysql
import pytest

from tests import engines as rooms


def test_memcached_keeps_a_value_and_forgets_it_when_killed(memcached):
    node = memcached("-m", "16")
    client = pymemcache.Client((node.host, node.port), timeout=5)
    client.set("title", b"Halation", noreply=False)
    assert client.get("title") == b"Halation"
    client.close()
    node.kill()
    with pytest.raises(OSError, match="refused"):
        pymemcache.Client((node.host, node.port), timeout=5).get("title")


def test_two_of_a_kind_are_apart(memcached):
    first, second = memcached(), memcached()
    assert first.port != second.port
    clients = [pymemcache.Client((node.host, node.port), timeout=5) for node in (first, second)]
    clients[0].set("k", b"1", noreply=False)
    assert [client.get("k") for client in clients] == [b"1", None]
    for client in clients:
        client.close()


def test_zookeeper_creates_and_reads_a_node(zookeeper):
    server = zookeeper()
    client = kazoo.client.KazooClient(f"{server.host}:{server.port}", timeout=4)
    # A blocking kazoo call has no timeout of its own; the asynchronous one is waited for.
    client.start_async().wait(10)
    try:
        client.create_async("/titles", b"3").get(timeout=10)
        assert client.get_async("/titles").get(timeout=10)[0] == b"3"
    finally:
        client.stop()
        client.close()


def test_mariadb_selects_and_keeps_what_was_committed(mariadb):
    server = mariadb()
    account = {"host": server.host, "port": server.port, "user": "root", "password": ""}
    with pymysql.connect(**account) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 6 * 7")
        assert cursor.fetchone() == (42,)
        cursor.execute("CREATE DATABASE house")
        cursor.execute("CREATE TABLE house.seat (id INT PRIMARY KEY)")
        cursor.execute("INSERT INTO house.seat VALUES (1)")
        connection.commit()
        cursor.execute("INSERT INTO house.seat VALUES (2)")  # never committed
    with pymysql.connect(**account) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM house.seat")
        assert cursor.fetchall() == ((1,),)
    if os.geteuid() == 0:
        assert os.stat(f"/proc/{server.process.pid}").st_uid == rooms.NOBODY
    assert server.stop() == 0


def test_nginx_serves_a_file_and_a_range(nginx, tmp_path):
    (tmp_path / "film.bin").write_bytes(bytes(range(256)))
    server = nginx(f"server {{ listen 127.0.0.1:PORT; root {tmp_path}; }}")
    with urllib.request.urlopen(f"{server.url}/film.bin", timeout=5) as answer:
        assert answer.read() == bytes(range(256))
    part = urllib.request.Request(f"{server.url}/film.bin", headers={"Range": "bytes=16-31"})
    with urllib.request.urlopen(part, timeout=5) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == "bytes 16-31/256"
        assert answer.read() == bytes(range(16, 32))
    assert server.stop() == 0


def test_a_server_that_refuses_its_configuration_shows_why(nginx):
    with pytest.raises(rooms.EndedError, match='unknown directive "listne"'):
        nginx("server { listne 127.0.0.1:PORT; }")


async def test_chromium_renders_a_page(chromium):
    server = chromium()
    async with playwright.async_api.async_playwright() as driver:
        browser = await driver.chromium.connect_over_cdp(server.url)
        page = await browser.new_page()
        await page.goto(
            "data:text/html,<title>one</title><script>document.title += ' reel'</script>"
        )
        assert await page.title() == "one reel"
        await browser.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_no_child_of_a_server_outlives_it(chromium, end):
    server = chromium()
    getattr(server, end)()
    deadline = time.monotonic() + 5
    while rooms.listens(server.port):
        assert time.monotonic() < deadline, "the browser outlived its launching script"
        threading.Event().wait(0.02)


def test_a_missing_engine_is_one_line_and_fails_in_ci(monkeypatch):
    monkeypatch.setattr(rooms.load_script("engines"), "find", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="wrk is missing; "):
        rooms.require("wrk")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="wrk is missing; "):
        rooms.require("wrk")


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_session_that_is_ended_leaves_no_server(tmp_path, sent):
    rooms.require("memcached")
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "test_it.py").write_text(
        "import os, signal, threading\n"
        "def test_it(memcached):\n"
        "    node = memcached()\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(node.process.pid))\n"
        # A shell that started this in the background left SIGINT ignored, and pytest with it.
        "    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:\n"
        "        signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"    os.kill(os.getpid(), {int(sent)})\n"
        "    threading.Event().wait(30)\n"
    )
    (folder / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(rooms.ROOT)!r})\n"
        "from tests.conftest import engines, memcached\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "KeyboardInterrupt" in done.stdout
    assert not pathlib.Path("/proc", (tmp_path / "pid").read_text()).exists()
