"""The catalogue of the demo: ten invented films, as data.

Nothing here names a real work. Palettes and artwork follow from genre, mood and id (`art/`); films
are generated from the same palette (`media/`), so that a film looks like its poster.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Title:
    """One film."""

    id: str
    title: str
    year: int
    minutes: int
    """Running time that is told to members; the generated film is a short loop of it."""
    genre: str
    mood: str
    synopsis: str
    kind: str = "film"


TITLES: tuple[Title, ...] = (
    Title(id="the-last-reel", title="The Last Reel", year=2026, minutes=104, genre="drama",
          mood="warm", synopsis="A projectionist has one night to run every film that the town "
          "ever loved, before the lamp gives out."),
    Title(id="quiet-orbit", title="Quiet Orbit", year=2025, minutes=118, genre="science fiction",
          mood="cold", synopsis="Two engineers keep a station alive that nobody remembers "
          "launching, and begin to hear it answer."),
    Title(id="glass-harbour", title="Glass Harbour", year=2024, minutes=97, genre="thriller",
          mood="cold", synopsis="A customs officer finds the same suitcase on three ships, each "
          "time with one thing less inside."),
    Title(id="paper-boats", title="Paper Boats", year=2026, minutes=82, genre="family",
          mood="bright", synopsis="Three children follow the rain through the whole city to bring "
          "back a boat that was never theirs."),
    Title(id="second-violin", title="Second Violin", year=2023, minutes=109, genre="romance",
          mood="warm", synopsis="They have shared a music stand for eleven years and have never "
          "spoken about anything but the score."),
    Title(id="night-shift", title="Night Shift", year=2025, minutes=101, genre="crime",
          mood="dark", synopsis="A dispatcher knows every street of the city by voice. Tonight one "
          "of the voices is her own."),
    Title(id="nine-minutes-late", title="Nine Minutes Late", year=2024, minutes=88, genre="comedy",
          mood="bright", synopsis="A railway clerk decides that, for one day, every train will "
          "leave when its passengers are ready."),
    Title(id="the-salt-line", title="The Salt Line", year=2022, minutes=94, genre="documentary",
          mood="bright", synopsis="How a village moves its houses two metres inland each winter, "
          "and what it leaves where they stood."),
    Title(id="north-of-noon", title="North of Noon", year=2023, minutes=112, genre="drama",
          mood="dark", synopsis="In a valley that sees the sun for eleven days a year, two "
          "brothers argue over a window."),
    Title(id="slow-thunder", title="Slow Thunder", year=2026, minutes=121, genre="thriller",
          mood="dark", synopsis="A storm stands still over an airport for a week; on the fourth "
          "day someone starts to board."),
)  # fmt: skip

BY_ID = {title.id: title for title in TITLES}
