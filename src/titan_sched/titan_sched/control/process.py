"""The control plane as a process: its address, its log, and its end with its owner."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from dataclasses import asdict
from logging.handlers import RotatingFileHandler
from pathlib import Path

from titan_sched import _process
from titan_sched._spawn import generation_is, spawn
from titan_sched.events import Event, Observer

LOG_BYTES = 5_000_000


def serve(
    directory: Path, port: int, token_file: Path, *, owner: str | None, generation: str | None
) -> int:
    """Run a control plane on 127.0.0.1 until SIGTERM.

    Args:
        directory: holds ``control.json`` (pid, start, url), ``titan.db``, ``registry/`` and
            ``control.log`` (events as lines of JSON).
        port: 0 takes the one of the life before, when it is free, and else any.
        token_file: the API's bearer token, created when missing.
        owner: ``pid:start`` of a process with which the whole cluster ends.
        generation: the cluster's generation; it has been swept when the file says otherwise.

    Returns:
        the exit code.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _process.claim(directory / "control.lock") is None:
        print(f"titan_sched control: another one runs in {directory}", file=sys.stderr)
        return 1
    record = directory / "control.json"
    try:
        listener = _listen(port, _process.read_record(record) or {})
    except OSError as error:
        print(f"titan_sched control: 127.0.0.1:{port}: {error.strerror}", file=sys.stderr)
        return 1
    bound = listener.getsockname()[1]
    url = f"http://127.0.0.1:{bound}"
    _process.write_record(record, _process.own_record(url=url, port=bound))
    if not generation_is(directory, generation):
        return 1
    token = _token(token_file)
    print(f"titan_sched control: {url}, token in {token_file}", flush=True)
    asyncio.run(_serve(directory, listener, token, owner))
    return 0


async def _serve(directory: Path, listener: socket.socket, token: str, owner: str | None) -> None:
    # Not before the address is written: these imports are most of the start's time.
    import uvicorn

    from titan_sched.api.http import build_app
    from titan_sched.control.service import ControlPlane

    control = ControlPlane(directory, observer=_log_to(directory / "control.log"))
    config = uvicorn.Config(
        build_app(control, token),
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    watching = asyncio.create_task(_end_with(owner, directory)) if owner else None
    await uvicorn.Server(config).serve(sockets=[listener])
    if watching is not None:
        watching.cancel()


def _listen(port: int, before: dict[str, object]) -> socket.socket:
    """A listening socket; clients that keep the old address find a restarted control plane."""
    old = before.get("port")
    for wanted in [port] if port or not isinstance(old, int) else [old, 0]:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
            listener.listen(128)
        except OSError:
            listener.close()
            if wanted == port:
                raise
        else:
            return listener
    raise AssertionError("the last port tried is the one asked for")


def _token(path: Path) -> str:
    if not path.exists():
        from secrets import token_urlsafe

        path.touch(mode=0o600)
        path.write_text(token_urlsafe(24))
    return path.read_text().strip()


def _log_to(path: Path) -> Observer:
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.Logger("titan_sched.events")
    log.addHandler(handler)

    def observe(event: Event) -> None:
        log.info("%s", json.dumps(asdict(event), default=str))

    return observe


async def _end_with(owner: str, directory: Path) -> None:
    pid, _, start = owner.partition(":")
    while _process.alive(int(pid), start):  # noqa: ASYNC110 - another process, not an event
        await asyncio.sleep(0.5)
    log = directory / "sweep.out"
    spawn([sys.executable, "-m", "titan_sched", "sweep", "--dir", str(directory)], log)
