"""The choice of files is a table; these are its corners."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_app.services.titles.files import HEADROOM, TALLEST, choose_files

LADDER = [
    {"height": 720, "kbps": 2200, "label": "720p"},
    {"height": 234, "kbps": 300, "label": "234p"},
    {"height": 432, "kbps": 900, "label": "432p"},
]


@pytest.mark.parametrize(
    ("device", "kbps", "labels", "start"),
    [
        ("tv", 25_000, ["234p", "432p", "720p"], 2),
        ("tv", 2_000, ["234p", "432p", "720p"], 1),
        ("phone", 25_000, ["234p", "432p"], 1),
        ("console", 100, ["234p", "432p", "720p"], 0),
    ],
)
def test_device_and_rate_decide(device, kbps, labels, start):
    chosen, first = choose_files(LADDER, device, kbps)
    assert [rendition["label"] for rendition in chosen] == labels
    assert first == start


def test_an_unknown_device_is_refused_by_name():
    with pytest.raises(ValueError, match="device: 'fridge' is not allowed; expected"):
        choose_files(LADDER, "fridge", 1000)


rendition = st.fixed_dictionaries(
    {"height": st.integers(100, 2160), "kbps": st.integers(50, 20_000), "label": st.just("x")}
)


@given(st.lists(rendition, min_size=1, max_size=6), st.sampled_from(sorted(TALLEST)),
       st.integers(1, 50_000))  # fmt: skip
def test_whatever_the_ladder_something_plays_and_the_start_fits_the_line(ladder, device, kbps):
    chosen, start = choose_files(ladder, device, kbps)
    assert chosen == sorted(chosen, key=lambda r: r["kbps"])
    assert 0 <= start < len(chosen)
    fits = [r for r in chosen if r["kbps"] <= kbps * HEADROOM]
    assert chosen[start]["kbps"] == (fits[-1] if fits else chosen[0])["kbps"]
    assert all(r["height"] <= TALLEST[device] for r in chosen) or len(chosen) == 1
