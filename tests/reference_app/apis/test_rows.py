"""Rows: every row shows every card once, in its own order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from reference_app.apis.rows import ROWS, row_of

card = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "title": st.text(min_size=1, max_size=8),
        "year": st.integers(2000, 2030),
        "minutes": st.integers(60, 180),
        "genre": st.sampled_from(["drama", "comedy", "thriller", "science fiction"]),
        "ready": st.booleans(),
    }
)


@given(st.lists(card, max_size=12), st.lists(st.sampled_from(["comedy", "space", "drama"])))
def test_no_row_loses_or_doubles_a_card(cards, taste):
    for row in ROWS:
        shown = row.choose(cards, taste)
        assert sorted(c["id"] for c in shown) == sorted(c["id"] for c in cards)


def test_a_seats_taste_comes_first_and_ready_films_before_others():
    def make(name, genre, ready):
        return {"id": name, "genre": genre, "ready": ready, "year": 1, "minutes": 1, "title": name}

    cards = [make("x", "drama", True), make("y", "science fiction", False),
             make("z", "science fiction", True)]  # fmt: skip
    shown = row_of("taste").choose(cards, ["space"])
    assert [c["id"] for c in shown] == ["z", "y", "x"]
    assert row_of("nonsense") is None
