"""`python -m reference_app.media --out DIR [--only id,id] [--seconds N]`: make the demo's films.

Films are made two at a time, the first two at full speed and the rest with others going first.
`DIR/progress.json` says how far it is: `{"film", "percent"}`, and `"error"` when it failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from ..art import palette
from ..services.titles.catalogue import TITLES, Title
from .build import build
from .errors import MediaError
from .ffmpeg import find_ffmpeg
from .recipe import Film

WORKERS = 2
URGENT = 2
"""Films that somebody waits for; the rest are made with niceness."""
NICE = 12


class _StoppedError(Exception):
    """A signal asked the work to end."""


class _Progress:
    """How far each film is, kept in one file for whoever waits."""

    def __init__(self, out: Path, films: Sequence[Film]) -> None:
        self._path = out / "progress.json"
        self._shares = {film.id: 0.0 for film in films}
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def hear(self, film: str, share: float) -> None:
        """One film got further; raises where a signal asked the work to end."""
        if self.stopped.is_set():
            raise _StoppedError
        with self._lock:
            self._shares[film] = share
            shown = next((f for f, s in self._shares.items() if s < 1), film)
            self.write({"film": shown, "percent": int(100 * self._shares[shown])})

    def write(self, told: dict[str, object]) -> None:
        """Replace the file; a disk that is full must not hide why the work failed."""
        with suppress(OSError):
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(told))
            os.replace(new, self._path)


def film_of(title: Title, seconds: int) -> Film:
    """The film of a title in the catalogue."""
    digest = hashlib.sha256(title.id.encode()).digest()
    return Film(
        id=title.id,
        name=title.title,
        seconds=seconds,
        palette=palette(title.genre, title.mood, title.id),
        seed=int.from_bytes(digest[:4], "big"),
    )


def make(films: Sequence[Film], out: Path) -> None:
    """Make all films, in order. Raises `MediaError` at the first that cannot be made."""
    out.mkdir(parents=True, exist_ok=True)
    progress = _Progress(out, films)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: progress.stopped.set())
    try:
        ffmpeg = find_ffmpeg()
        with ThreadPoolExecutor(WORKERS) as workers:
            making = [
                workers.submit(
                    build, film, out, ffmpeg,
                    partial(progress.hear, film.id),
                    nice=NICE if place >= URGENT else 0,
                )
                for place, film in enumerate(films)
            ]  # fmt: skip
            try:
                for made in making:
                    made.result()
            except BaseException:
                progress.stopped.set()
                raise
    except MediaError as error:
        progress.write({"film": "", "percent": 0, "error": str(error)})
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 with one line where a film could not be made, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m reference_app.media", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of films")
    parser.add_argument("--only", help="ids of titles, with commas; default: all")
    parser.add_argument("--seconds", type=int, default=120, help="length of each; default 120")
    options = parser.parse_args(arguments)
    known = {title.id: title for title in TITLES}
    wanted = options.only.split(",") if options.only else list(known)
    if unknown := [name for name in wanted if name not in known]:
        parser.error(f"--only: no title {unknown[0]!r}; there are {', '.join(known)}")
    try:
        make([film_of(known[name], options.seconds) for name in wanted], options.out)
    except _StoppedError:
        return 130
    except ValueError as error:
        parser.error(str(error))
    except MediaError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.out}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
