"""Films of a few seconds, really made."""

import errno
import hashlib
import itertools
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from reference_app.art import Palette
from reference_app.media import BuildError, Film, Manifest, build, find_ffmpeg, fingerprint
from reference_app.media.build import _reason

FILM = Film(
    id="quiet-orbit",
    name="Quiet: Orbit's 100 %",
    seconds=4,
    palette=Palette("#221b3c", "#4d7db4", "#a2edf6"),
    seed=7,
)
FFMPEG = find_ffmpeg()


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.fixture(scope="module")
def shares() -> list[float]:
    return []


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, shares: list[float]) -> Path:
    return build(FILM, tmp_path_factory.mktemp("films"), FFMPEG, shares.append)


def test_three_renditions_are_told(film: Path) -> None:
    manifest = Manifest.read(film)
    assert (manifest.id, manifest.seconds, manifest.recipe) == (FILM.id, 4, fingerprint(FILM))
    told = [(r.label, r.height, r.kbps) for r in manifest.renditions]
    assert told == [("234p", 234, 300), ("432p", 432, 900), ("720p", 720, 2200)]
    assert manifest.bytes == sum(p.stat().st_size for p in film.iterdir() if p.name != "title.json")


def test_nothing_but_the_film_is_left(film: Path) -> None:
    labels = ("234p", "432p", "720p")
    segments = {f"{label}_{n:03d}.m4s" for label in labels for n in range(2)}
    others = {f"{label}{end}" for label in labels for end in (".m3u8", "_init.mp4")}
    assert {p.name for p in film.iterdir()} == {*segments, *others, "master.m3u8", "title.json"}
    assert [p.name for p in film.parent.iterdir()] == [film.name]


def test_the_bit_rates_keep_to_the_ladder(film: Path) -> None:
    for rendition in Manifest.read(film).renditions:
        assert 0.4 * rendition.kbps < rendition.bandwidth / 1000 < 1.35 * rendition.kbps


def test_playlists_have_relative_names_and_two_second_segments(film: Path) -> None:
    master = (film / "master.m3u8").read_text()
    assert re.findall(r"^[^#].*$", master, re.M) == ["234p.m3u8", "432p.m3u8", "720p.m3u8"]
    assert re.search(
        r"RESOLUTION=1280x720,FRAME-RATE=24.000,CODECS=\"avc1\.[0-9a-f]{6},mp4a", master
    )
    playlist = (film / "720p.m3u8").read_text()
    assert '#EXT-X-MAP:URI="720p_init.mp4"' in playlist
    assert re.findall(r"#EXTINF:([\d.]+),\n(\S+)", playlist) == [
        ("2.000000", "720p_000.m4s"),
        ("2.000000", "720p_001.m4s"),
    ]
    assert "#EXT-X-ENDLIST" in playlist


@pytest.mark.parametrize("label", ["234p", "432p", "720p"])
def test_every_frame_is_there_and_none_is_like_the_one_before(film: Path, label: str) -> None:
    # Segment by segment: each must begin with a picture that needs no other.
    for number in range(2):
        whole = (film / f"{label}_init.mp4").read_bytes()
        whole += (film / f"{label}_{number:03d}.m4s").read_bytes()
        command = [FFMPEG, "-v", "error", "-i", "pipe:0", "-map", "0:v", "-f", "framemd5", "-"]
        ran = subprocess.run(command, input=whole, capture_output=True, check=True)
        frames = re.findall(rb"^0,.*, (\w{32})$", ran.stdout, re.M)
        assert len(frames) == 48
        assert all(a != b for a, b in itertools.pairwise(frames))


def test_progress_goes_up_to_the_end(film: Path, shares: list[float]) -> None:
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_film_that_is_there_is_not_made_again(film: Path) -> None:
    assert build(FILM, film.parent, "/no/ffmpeg", lambda _: None) == film


def test_the_same_recipe_gives_the_same_bytes(film: Path, tmp_path: Path) -> None:
    assert contents(build(FILM, tmp_path, FFMPEG, lambda _: None)) == contents(film)


def test_a_changed_recipe_replaces_the_film(tmp_path: Path) -> None:
    short = replace(FILM, seconds=2)
    first = build(short, tmp_path, FFMPEG, lambda _: None)
    before = contents(first)
    again = build(replace(short, name="Loud Orbit"), tmp_path, FFMPEG, lambda _: None, nice=5)
    assert again == first
    assert contents(again) != before
    assert [p.name for p in tmp_path.iterdir()] == [FILM.id]


def test_what_a_killed_builder_left_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f".making-{FILM.id}-{dead.pid}").mkdir()
    (tmp_path / f".making-{FILM.id}-1").mkdir()  # of one that lives
    with pytest.raises(BuildError):
        build(FILM, tmp_path, "/bin/false", lambda _: None)
    assert [p.name for p in tmp_path.iterdir()] == [f".making-{FILM.id}-1"]


def test_who_listens_can_end_the_work(tmp_path: Path) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(replace(FILM, seconds=240), tmp_path, FFMPEG, stop)
    assert list(tmp_path.iterdir()) == []


def test_an_ffmpeg_that_fails_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        build(FILM, tmp_path, "/bin/false", lambda _: None)
    assert str(caught.value) == (
        "quiet-orbit could not be made: ffmpeg ended with 1: it said nothing"
    )


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError) as caught:
        build(FILM, tmp_path / "file" / "films", FFMPEG, lambda _: None)
    assert caught.value.film == FILM.id
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk of /films is full"),
        (errno.EACCES, "/films may not be written to"),
        (errno.EROFS, "/films may not be written to"),
        (errno.EIO, "/films: Input/output error"),
    ],
)
def test_what_the_disk_says_is_said(number: int, said: str) -> None:
    assert _reason(OSError(number, os.strerror(number)), Path("/films")) == said
