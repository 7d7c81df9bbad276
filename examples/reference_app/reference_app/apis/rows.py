"""The rows of the home page, as a table: which cards, in which order, under which title. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Card = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row. `title` may name the seat; `why` is told to whoever asks."""

    id: str
    title: str
    why: str
    choose: Callable[[Sequence[Card], Sequence[str]], list[Card]]


def _ready_first(cards: Sequence[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: not card["ready"])


def _by_taste(cards: Sequence[Card], taste: Sequence[str]) -> list[Card]:
    words = " ".join(taste).replace("thrillers", "thriller").replace("space", "science fiction")

    def distance(card: Card) -> tuple[bool, bool]:
        return (card["genre"] not in words, not card["ready"])

    return sorted(cards, key=distance)


def _newest(cards: Sequence[Card], _: Sequence[str]) -> list[Card]:
    return sorted(cards, key=lambda card: (-card["year"], card["title"]))


def _short(cards: Sequence[Card], _: Sequence[str]) -> list[Card]:
    return sorted(cards, key=lambda card: card["minutes"])


ROWS: tuple[Row, ...] = (
    Row(id="tonight", title="On tonight", choose=lambda cards, _: _ready_first(cards),
        why="The whole programme; films that are ready to play come first."),
    Row(id="taste", title="Near {seat}'s taste", choose=_by_taste,
        why="The words under the seat's name, matched with the genres of the programme."),
    Row(id="new", title="New on the shelf", choose=_newest, why="The newest year first."),
    Row(id="short", title="Home before midnight", choose=_short, why="The shortest first."),
)  # fmt: skip


def row_of(row_id: str) -> Row | None:
    """The row with this id."""
    return next((row for row in ROWS if row.id == row_id), None)
