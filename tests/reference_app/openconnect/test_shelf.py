"""No name leads out of a film's folder."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_app.openconnect.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    film = tmp_path / "films" / "quiet-orbit"
    film.mkdir(parents=True)
    (film / "title.json").write_text("{}")
    (film / "master.m3u8").write_text("#EXTM3U\n")
    (film / "notes.txt").write_text("private")
    (film / "inner.m4s").mkdir()
    (tmp_path / "secret.m4s").write_text("secret")
    (film / "link.m4s").symlink_to(tmp_path / "secret.m4s")
    shelf = Shelf(tmp_path / "films")
    shelf.look()
    return shelf


def test_a_file_is_opened(shelf: Shelf) -> None:
    found = shelf.open("quiet-orbit", "master.m3u8")
    assert found is not None
    with found.file:
        assert found.file.read() == b"#EXTM3U\n"
    assert (found.size, found.content_type) == (8, "application/vnd.apple.mpegurl")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("quiet-orbit", "absent.m4s"),
        ("quiet-orbit", "notes.txt"),
        ("quiet-orbit", "../../secret.m4s"),
        ("quiet-orbit", "link.m4s"),
        ("quiet-orbit", "inner.m4s"),
        ("quiet-orbit", ""),
        ("quiet-orbit", "a\0.m4s"),
        ("..", "secret.m4s"),
        ("unknown", "master.m3u8"),
    ],
)
def test_what_is_not_there_is_not_there(shelf: Shelf, title: str, name: str) -> None:
    assert shelf.open(title, name) is None


names = st.text(alphabet="./%\\\0abcm3u8s4", max_size=12)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names, names)
def test_no_name_opens_anything_else(shelf: Shelf, title: str, name: str) -> None:
    assert shelf.open(title, name + ".m4s") is None
    assert shelf.open("quiet-orbit", "../" + name) is None


def test_films_come_and_go_at_a_look(shelf: Shelf, tmp_path: Path) -> None:
    new = tmp_path / "films" / "glass-harbour"
    new.mkdir()
    shelf.look()
    assert shelf.titles == {"quiet-orbit"}
    (new / "title.json").write_text("{}")
    shelf.look()
    assert shelf.titles == {"quiet-orbit", "glass-harbour"}
    (new / "title.json").unlink()
    shelf.look()
    assert shelf.titles == {"quiet-orbit"}
