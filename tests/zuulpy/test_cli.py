import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

COMMAND = [sys.executable, "-m", "zuulpy"]
TOML = '[listen]\nport = {port}\n[[route]]\nprefix = "/api"\nto = ["127.0.0.1:9"]\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(TOML.format(port=0))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_exits_with_0(file, number):
    with subprocess.Popen([*COMMAND, "run", file], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        url = re.fullmatch(r"zuulpy: gateway on (http://127\.0\.0\.1:\d+)\n", line)
        assert url, line
        with urllib.request.urlopen(url[1] + "/healthz", timeout=5) as answer:
            assert answer.read() == b"ok\n"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url[1] + "/api", timeout=5)
        assert caught.value.code == 502
        caught.value.close()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_a_port_in_use_is_one_line_and_1(file):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file.write_text(TOML.format(port=port))
        done = subprocess.run([*COMMAND, "run", file], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"zuulpy: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


def test_a_bad_toml_is_one_line_and_2(file):
    file.write_text(TOML.format(port='"x"'))
    done = subprocess.run([*COMMAND, "run", file], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"zuulpy: {file}: listen.port = 'x': allowed is an integer\n"
