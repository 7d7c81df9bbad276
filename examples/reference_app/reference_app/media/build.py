"""Making one film: in a folder of its own, which gets the film's name when all is done."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .errors import BuildError, ManifestError
from .library import Manifest, Rendition
from .recipe import (
    AUDIO,
    FONT,
    LADDER,
    NAME,
    SEGMENT_SECONDS,
    Film,
    Step,
    audio_arguments,
    fingerprint,
    video_arguments,
)

FONT_FILE = Path(__file__).parent / "fonts" / "martian-mono-400.ttf"
_TIME = re.compile(r"out_time_us=(\d+)")
_EXTINF = re.compile(r"#EXTINF:([\d.]+),\s*\n([^#\s]+)")


def build(
    film: Film,
    out: Path,
    ffmpeg: str,
    on_progress: Callable[[float], None],
    *,
    nice: int = 0,
) -> Path:
    """Make `film` as `out/<id>`, unless it is there and was made by the same recipe.

    `on_progress` hears a share from 0 to 1, about four times a second; what it raises ends the work
    and leaves nothing behind. `nice` (0 to 19) lets others go first. Returns the film's folder.
    Raises `BuildError`, whose text is one line.
    """
    folder = out / film.id
    if _is_made(folder, film):
        on_progress(1.0)
        return folder
    work = out / f".making-{film.id}-{os.getpid()}"
    try:
        _clear_leftovers(out, film)
        work.mkdir(parents=True)
        _make(film, work, ffmpeg, on_progress, nice)
        _publish(work, folder)
    except OSError as error:
        raise BuildError(film.id, _reason(error, out)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    on_progress(1.0)
    return folder


def _is_made(folder: Path, film: Film) -> bool:
    try:
        return Manifest.read(folder).recipe == fingerprint(film)
    except ManifestError:
        return False


def _clear_leftovers(out: Path, film: Film) -> None:
    """Remove what a builder left that was killed; the folder of one that lives stays."""
    for left in out.glob(f".making-{film.id}-*"):
        pid = left.name.rpartition("-")[2]
        alive = False
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(pid), 0)
            alive = int(pid) != os.getpid()
        if not alive:
            shutil.rmtree(left)


def _make(
    film: Film, work: Path, ffmpeg: str, on_progress: Callable[[float], None], nice: int
) -> None:
    shutil.copyfile(FONT_FILE, work / FONT)
    (work / NAME).write_text(film.name)
    _run(film, [ffmpeg], audio_arguments(film), work, nice, lambda share: on_progress(0.05 * share))
    _run(
        film, [ffmpeg], video_arguments(film), work, nice,
        lambda share: on_progress(0.05 + 0.95 * share),
    )  # fmt: skip
    for name in (FONT, NAME, AUDIO):
        (work / name).unlink()
    renditions = tuple(_rendition(step, work) for step in LADDER)
    _write_master(renditions, work)
    Manifest(
        id=film.id,
        name=film.name,
        seconds=film.seconds,
        bytes=sum(path.stat().st_size for path in work.iterdir()),
        recipe=fingerprint(film),
        renditions=renditions,
    ).write(work)


def _publish(work: Path, folder: Path) -> None:
    """Give the finished folder its name; one of an older recipe makes way."""
    old = work.with_name(work.name.replace(".making-", ".old-"))
    with suppress(FileNotFoundError):
        folder.rename(old)
    try:
        work.rename(folder)
    except OSError as error:
        # Another process was faster with the same film: its work is as good as ours.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    shutil.rmtree(old, ignore_errors=True)


def _run(
    film: Film,
    program: list[str],
    arguments: list[str],
    work: Path,
    nice: int,
    on_progress: Callable[[float], None],
) -> None:
    before = ["nice", "-n", str(nice)] if nice else []
    quiet = ["-hide_banner", "-nostdin", "-loglevel", "error", "-nostats", "-y"]
    told = ["-progress", "pipe:1", "-stats_period", "0.25"]
    command = [*before, *program, *quiet, *told, *arguments]
    errors = work / "errors.txt"
    with (
        errors.open("w") as log,
        subprocess.Popen(  # noqa: S603
            command, cwd=work, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                if match := _TIME.match(line):
                    on_progress(min(1.0, int(match[1]) / 1e6 / film.seconds))
        except BaseException:
            process.kill()
            raise
    lines = errors.read_text(errors="replace").strip().splitlines()
    errors.unlink()
    if process.returncode:
        said = lines[-1] if lines else "it said nothing"
        raise BuildError(film.id, f"ffmpeg ended with {process.returncode}: {said}")


def _segments(step: Step, work: Path) -> list[tuple[float, int]]:
    """Length in seconds and size in bytes of each segment of a rendition."""
    playlist = (work / f"{step.label}.m3u8").read_text()
    found = [(float(s), (work / name).stat().st_size) for s, name in _EXTINF.findall(playlist)]
    if not found:
        raise BuildError(work.name, f"ffmpeg wrote no segments of {step.label}")
    return found


def _rendition(step: Step, work: Path) -> Rendition:
    # A last segment of a few frames has too little length to be a measure.
    rates = [
        size * 8 / max(seconds, SEGMENT_SECONDS / 2) for seconds, size in _segments(step, work)
    ]
    return Rendition(
        height=step.height,
        width=step.width,
        kbps=step.kbps,
        label=step.label,
        bandwidth=round(max(rates)),
    )


def _write_master(renditions: tuple[Rendition, ...], work: Path) -> None:
    """The master playlist (RFC 8216), with the peaks that were measured."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rendition in renditions:
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={rendition.bandwidth},"
            f"RESOLUTION={rendition.width}x{rendition.height},FRAME-RATE=24.000,"
            f'CODECS="{_codec(work / f"{rendition.label}_init.mp4")},mp4a.40.2"',
            f"{rendition.label}.m3u8",
        ]
    (work / "master.m3u8").write_text("\n".join(lines) + "\n")


def _codec(init: Path) -> str:
    """RFC 6381 name of the picture's codec: profile, compatibility, level from the avcC box."""
    data = init.read_bytes()
    at = data.index(b"avcC") + 5
    return f"avc1.{data[at : at + 3].hex()}"


def _reason(error: OSError, out: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk of {out} is full"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{out} may not be written to"
    return f"{error.filename or out}: {error.strerror}"
