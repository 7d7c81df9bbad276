"""The recipe: pure arguments, the same for the same film."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.art import Palette
from reference_app.media import RECIPE, Film, fingerprint
from reference_app.media.recipe import audio_arguments, video_arguments

FILM = Film(
    id="quiet-orbit",
    name="Quiet Orbit",
    seconds=120,
    palette=Palette("#221b3c", "#4d7db4", "#a2edf6"),
    seed=7,
)
films = st.builds(
    replace,
    st.just(FILM),
    name=st.text(min_size=1, max_size=20),
    seconds=st.integers(2, 200),
    seed=st.integers(0, 2**32 - 1),
)


def test_every_part_of_a_film_is_part_of_its_fingerprint() -> None:
    others = [
        replace(FILM, name="Loud Orbit"),
        replace(FILM, seconds=60),
        replace(FILM, seed=8),
        replace(FILM, palette=Palette("#221b3c", "#4d7db4", "#a2edf7")),
    ]
    assert len({fingerprint(film) for film in [FILM, *others]}) == 5
    assert fingerprint(FILM) == fingerprint(replace(FILM))
    assert re.fullmatch(r"[0-9a-f]{12}", RECIPE)


@settings(max_examples=60)
@given(films)
def test_the_scenes_fill_the_film_and_every_pad_is_joined_once(film: Film) -> None:
    arguments = video_arguments(film)
    graph = arguments[arguments.index("-filter_complex") + 1]
    pictures = re.findall(r"s=320x180:r=12:d=(\d+)", graph)
    assert sum(map(int, pictures)) == film.seconds + 1
    made = re.findall(r"(?<=[^\]\[;])\[(\w+)\](?=;|$|\[)", graph)
    pads = re.findall(r"\[(\w+)\]", graph)
    outputs = [a[1:-1] for a in arguments if re.fullmatch(r"\[v\d+\]", a)]
    assert outputs == ["v234", "v432", "v720"]
    for pad in set(pads):
        assert pads.count(pad) == (1 if pad in outputs else 2)
    assert set(outputs) <= set(made)


@settings(max_examples=60)
@given(films)
def test_no_argument_names_a_path_or_the_title(film: Film) -> None:
    # The title is read from a file, so that no character of it needs to be quoted.
    for argument in [*audio_arguments(film), *video_arguments(film)]:
        assert not argument.startswith("/")
        assert len(film.name) < 4 or film.name not in argument


@settings(max_examples=60)
@given(films)
def test_tones_close_without_a_seam_and_stay_quiet(film: Film) -> None:
    source = audio_arguments(film)[3]
    for hertz in re.findall(r"sin\(2\*PI\*([\d.]+)\*t\)", source):
        assert float(hertz) * 12 == pytest.approx(round(float(hertz) * 12), abs=0.01)
    assert sum(map(float, re.findall(r"(0\.\d{4})\*sin", source))) < 0.2


def test_a_film_is_at_least_one_segment_long() -> None:
    with pytest.raises(ValueError, match="seconds must be at least 2"):
        replace(FILM, seconds=1)
