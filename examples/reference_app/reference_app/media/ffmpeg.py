"""Which ffmpeg makes the films: the machine's where it can, else the one that a wheel brings."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Callable

from .errors import FfmpegMissingError

NEEDS = {"-encoders": ("libx264", "aac"), "-filters": ("drawtext", "gradients", "noise")}


def find_ffmpeg(
    candidates: tuple[Callable[[], str | None], ...] | None = None,
) -> str:
    """Path of an ffmpeg with libx264 and drawtext.

    Looked at in order: `ffmpeg` on the path, then that of the package imageio-ffmpeg, or the
    `candidates` given instead. Raises `FfmpegMissingError` that says what each one lacks.
    """
    tried: dict[str, str] = {}
    for candidate in candidates or (_of_the_machine, _of_the_wheel):
        path = candidate()
        if path is None or path in tried:
            continue
        lack = _lacks(path)
        if lack is None:
            return path
        tried[path] = lack
    raise FfmpegMissingError(tried)


def _of_the_machine() -> str | None:
    return shutil.which("ffmpeg")


def _of_the_wheel() -> str | None:
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # not installed; or has none for this machine
        return None


def _lacks(path: str) -> str | None:
    """What this ffmpeg lacks, in words; None where it has all."""
    for kind, names in NEEDS.items():
        command = [path, "-hide_banner", kind]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            return f"does not run ({error})"
        known = {words[1] for line in ran.stdout.splitlines() if len(words := line.split()) > 1}
        if missing := [name for name in names if name not in known]:
            return f"lacks {', '.join(missing)}"
    return None
