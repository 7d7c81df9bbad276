"""Palettes: three colours that can be told apart, the same for the same title."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.art import GENRE_HUES, MOODS, oklch, palette


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("arguments", "colour"),
    [
        ((1.0, 0.0, 0.0), "#ffffff"),
        ((0.0, 0.0, 0.0), "#000000"),
        # CSS Color 4 names these as OKLCH of sRGB's corners.
        ((0.62796, 0.25768, 29.234), "#ff0000"),
        ((0.86644, 0.29483, 142.495), "#00ff00"),
        ((0.45201, 0.31321, 264.052), "#0000ff"),
    ],
)
def test_known_colours(arguments: tuple[float, float, float], colour: str) -> None:
    assert oklch(*arguments) == colour


@settings(max_examples=150)
@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(-720, 720))
def test_every_colour_can_be_shown_and_keeps_its_lightness(
    lightness: float, chroma: float, hue: float
) -> None:
    colour = oklch(lightness, chroma, hue)
    assert re.fullmatch(r"#[0-9a-f]{6}", colour)
    # OKLab's lightness of a grey is the cube root of its luminance; hue moves it only a little.
    assert luminance(colour) ** (1 / 3) == pytest.approx(lightness, abs=0.13)


@settings(max_examples=100)
@given(st.sampled_from(sorted(GENRE_HUES)), st.sampled_from(sorted(MOODS)), st.text(max_size=9))
def test_a_light_stands_out_from_figure_and_ground(genre: str, mood: str, seed: str) -> None:
    colours = palette(genre, mood, seed)
    assert colours == palette(genre, mood, seed)
    assert contrast(colours.ground, colours.figure) > 2
    assert contrast(colours.figure, colours.light) > 1.6
    assert contrast(colours.ground, colours.light) > 7


def test_an_unknown_genre_or_mood_is_an_error() -> None:
    with pytest.raises(KeyError):
        palette("western", "warm", "x")
    with pytest.raises(KeyError):
        palette("drama", "sour", "x")
