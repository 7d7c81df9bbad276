"""The readme's first block and its toml answer as the readme says, in front of real origins."""

import contextlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import zuulpy

README = Path(zuulpy.__file__).parent.parent / "README.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    assert found
    return found[1]


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise AssertionError(f"nothing listens on {port}")


@pytest.fixture
def start(tmp_path):
    with contextlib.ExitStack() as stack:

        def run(*command: object) -> None:
            words = [sys.executable, *map(str, command)]
            process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)

        yield run


def get(url: str, **headers: str) -> tuple[int, bytes, str | None]:
    asked = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read(), answer.headers["x-zone"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers["x-zone"]


@pytest.mark.parametrize("language", ["python", "toml"])
def test_it_answers_as_the_readme_says(tmp_path, start, language):
    (tmp_path / "site" / "api").mkdir(parents=True)
    (tmp_path / "site" / "api" / "products").write_text('[{"id": 7}]')
    *origins, port = free_ports(3)
    code = block(language).replace("8080", str(port))
    for written, free in zip(("9001", "9002"), origins, strict=True):
        code = code.replace(written, str(free))
        start("-m", "http.server", free, "--bind", "127.0.0.1", "--directory", "site")
    name = "gateway.py" if language == "python" else "gateway.toml"
    (tmp_path / name).write_text(code)
    start(*([name] if language == "python" else ["-m", "zuulpy", "run", name]))
    for one in (*origins, port):
        wait_for(one)
    url = f"http://127.0.0.1:{port}/api/products"
    if language == "python":
        assert get(url) == (401, b"an x-api-key header is needed\n", None)
        zone = "a"
    else:
        zone = None
    for _ in range(4):
        assert get(url, **{"x-api-key": "1"}) == (200, b'[{"id": 7}]', zone)
