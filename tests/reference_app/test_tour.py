"""The tour: what counts as a failure, and that it says so."""

from __future__ import annotations

import socketserver
import threading
from http.client import IncompleteRead

from reference_app.tour import ROOT, Load, readme_told, result
from reference_app.up import TRY

from tests.reference_app.conftest import until

SIGNED_IN = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CUT_SHORT = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"


class CutsShort(socketserver.StreamRequestHandler):
    """Lets a member sign in, and breaks off every other answer."""

    def handle(self) -> None:
        line = self.rfile.readline()
        length = 0
        while header := self.rfile.readline().strip().lower():
            if header.startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        self.rfile.read(length)
        self.wfile.write(SIGNED_IN if b"/discovery/session" in line else CUT_SHORT)


def test_an_answer_cut_short_is_a_failed_request():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), CutsShort) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        load = Load(f"http://127.0.0.1:{server.server_address[1]}", "1-1", "quiet-orbit")
        load.start()
        until("some load", lambda: load.done >= 4)
        done, failed = load.stop()
        server.shutdown()
        thread.join()
    assert done >= 4
    assert failed == done
    assert all(IncompleteRead.__name__ in failure for failure in load.failures)


def test_a_check_that_breaks_has_failed_and_the_next_one_is_made():
    said: list[str] = []

    def breaks() -> tuple[bool, str]:
        raise IncompleteRead(b"{", 99)

    assert not result("a play", breaks, said.append)
    assert result("the README", lambda: (True, "is told"), said.append)
    assert said == [
        "FAIL  a play: IncompleteRead: IncompleteRead(1 bytes read, 99 more expected)",
        "PASS  is told",
    ]


def test_the_readme_of_this_checkout_tells_the_tour():
    assert readme_told(ROOT)[0]


def test_swapped_rows_and_a_missing_readme_fail(tmp_path):
    rows = [f"| `{what}` | {effect} |" for what, effect in TRY]
    (tmp_path / "README.md").write_text("\n".join(rows))
    assert readme_told(tmp_path)[0]
    swapped = [f"| `{TRY[n][0]}` | {TRY[n - 1][1]} |" for n in range(len(TRY))]
    (tmp_path / "README.md").write_text("\n".join(swapped))
    assert not readme_told(tmp_path)[0]
    (tmp_path / "README.md").unlink()
    assert readme_told(tmp_path)[0]
    (tmp_path / "Makefile").touch()
    assert not readme_told(tmp_path)[0]


def test_the_tour_passes_on_a_running_house(house):
    done = house.refapp("tour")
    assert [line[:4] for line in done.stdout.splitlines()] == ["PASS"] * 5, done.stdout
    assert done.returncode == 0
