"""What is refused before anything is started or ended, each in one line that says what to do."""

from __future__ import annotations

import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from .edge.page import DIST
from .media import FfmpegMissingError, find_ffmpeg
from .profiles import Plan
from .services.titles.catalogue import TITLES
from .watch import StartError

FILM_SECONDS = range(10, 3601)
"""Lengths of a film: shorter ones end before a failover is seen, longer ones fill the disk."""


def check(plan: Plan) -> None:
    """Refuse values, folders and programs with which a run cannot work."""
    _check_values(plan)
    for folder in (plan.run, plan.media):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ".writable").touch()
            (folder / ".writable").unlink()
        except OSError as error:
            raise StartError(f"cannot write to {folder}: {error.strerror}") from error
    if not (DIST / "index.html").is_file():
        raise StartError(f"{DIST} holds no built page: run `make web`")
    if any(not (plan.media / film / "title.json").is_file() for film in plan.films):
        try:
            find_ffmpeg()
        except FfmpegMissingError as error:
            raise StartError(str(error)) from error


def check_films(films: int) -> None:
    """Refuse a number of films that the catalogue does not have."""
    _within("--films", films, range(1, len(TITLES) + 1))


def _check_values(plan: Plan) -> None:
    _within("--film-seconds", plan.film_seconds, FILM_SECONDS)
    _within("--house-port", plan.house_port, range(1, 65536))
    _within("--booth-port", plan.booth_port, range(1, 65536))
    if plan.house_port == plan.booth_port:
        port = plan.booth_port
        raise StartError(f"--booth-port: {port} is not allowed; expected another than --house-port")
    if plan.otlp is not None:
        parts = urlsplit(plan.otlp)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StartError(
                f"HALATION_OTLP: {plan.otlp!r} is not allowed; expected http://HOST:PORT/v1/traces"
            )


def _within(field: str, value: int, allowed: range) -> None:
    if value not in allowed:
        limits = f"{allowed.start} to {allowed.stop - 1}"
        raise StartError(f"{field}: {value} is not allowed; expected {limits}")


def check_ports(plan: Plan, ours: Collection[int] = ()) -> None:
    """Refuse a port that is in use, save those that are freed before anything is started."""
    for name, port in (("house", plan.house_port), ("booth", plan.booth_port)):
        if port in ours:
            continue
        with socket.socket() as probe:
            # Connections that have just been closed do not keep a server from listening.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise StartError(
                    f"port {port} of the {name} is not free ({error}): "
                    f"end what uses it, or choose another: refapp up --{name}-port N"
                ) from error
