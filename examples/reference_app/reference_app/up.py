"""Starting and ending a run: titan_sched with three zone agents, and everything else placed by it.

The one who calls `up` only waits. All processes belong to the cluster, which is recorded in the run
directory by process id and start time; `down`, a signal, or the next `up` ends exactly those.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from titan_sched import Client, Service, TitanError, start_cluster, sweep

from .edge.page import DIST
from .media import RECIPE, FfmpegMissingError, find_ffmpeg
from .profiles import FIRST_FILMS, ZONES, Plan, jobs
from .services.titles.catalogue import TITLES
from .settings import Secrets

START_BOUND = 240.0
"""Seconds after which a start that is not usable is given up: a slow machine makes films slowly."""

TRY = (
    ("refapp kill oca-b2", "the film goes on"),
    ("refapp kill play-api", "replaced within seconds: refapp status"),
    ("press w in the page", "where each row came from"),
)
"""Three things to try, as the terminal, the README and the tour tell them."""


class StartError(Exception):
    """Why a run cannot start, in one line that says what to do."""


class Stopped(BaseException):
    """A signal asked the run to end."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line decides."""

    house_port: int = 7700
    booth_port: int = 7701
    run: Path | None = None
    """Run directory; None: below the user's cache, one per house port."""
    media: Path | None = None
    """Folder of films; None: below the user's cache."""
    film_seconds: int = 120
    films: int = len(TITLES)


def cache_dir() -> Path:
    """Where the demo keeps what it made: the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "halation"


def run_dir(options: Options) -> Path:
    """The run directory that these options mean."""
    return (options.run or cache_dir() / f"run-{options.house_port}").absolute()


def make_plan(options: Options) -> Plan:
    """Paths and ports of a run."""
    films = tuple(title.id for title in TITLES[: options.films])
    default = cache_dir() / f"films-{RECIPE}-{options.film_seconds}s"
    return Plan(
        run=run_dir(options),
        media=(options.media or default).absolute(),
        house_port=options.house_port,
        booth_port=options.booth_port,
        films=films,
        film_seconds=options.film_seconds,
    )


def check(plan: Plan) -> None:
    """Refuse what cannot work before anything is started."""
    for name, port in (("house", plan.house_port), ("booth", plan.booth_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                raise StartError(
                    f"port {port} of the {name} is not free ({error}): "
                    f"end what uses it, or choose another: refapp up --{name}-port N"
                ) from error
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


@contextmanager
def _signals() -> Iterator[None]:
    """Turn the three ways to end a program into one exception."""

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(signal.Signals(number).name)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ending a run is not itself ended half way."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def up(options: Options, *, detach: bool, say: Callable[[str], None]) -> int:
    """Start a run and wait for a signal (or leave it running, with `detach`)."""
    plan = make_plan(options)
    with _signals():
        try:
            _claim(plan, say)
            check(plan)
        except Stopped:
            return 130
        try:
            start(plan, say)
            while not detach:
                signal.pause()
        except BaseException as error:
            with _undisturbed():
                say("ending ...")
                down(plan.run)
            if not isinstance(error, Stopped):
                raise
            say("ended: no process and no port is left")
    return 0


def _claim(plan: Plan, say: Callable[[str], None]) -> None:
    """End what an earlier run left; refuse where it is still being watched over."""
    record = plan.run / "up.json"
    with suppress(OSError, ValueError, KeyError):
        other = json.loads(record.read_text())
        if _alive(other["pid"], other["start"]):
            raise StartError(f"this run is up already (process {other['pid']}): refapp down")
    if (plan.run / "titan").is_dir():
        ended = sweep(plan.run / "titan")
        if ended:
            say(f"ended {len(ended)} processes that an earlier run had left")
        shutil.rmtree(plan.run / "titan", ignore_errors=True)


def _start_time(pid: int) -> str:
    """The kernel's start time of a process, so that a reused id is not mistaken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""


def _alive(pid: int, start: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _start_time(pid) == start


def start(plan: Plan, say: Callable[[str], None]) -> None:
    """Bring the cluster up, submit all jobs, and wait until the page is usable."""
    begun = time.monotonic()
    secrets = Secrets.make()
    secrets.write(plan.run)
    (plan.run / "data").mkdir(exist_ok=True)
    (plan.media / "progress.json").unlink(missing_ok=True)
    me = os.getpid()
    (plan.run / "up.json").write_text(json.dumps({"pid": me, "start": _start_time(me)}))
    (plan.run / "plan.json").write_text(json.dumps(vars(plan), default=str))
    cluster = start_cluster(plan.run / "titan", zones=ZONES)
    client = cluster.client()
    say(f"titan_sched: {len(ZONES)} zones, {_runtime(client)}")
    wanted = 0
    for job in jobs(plan, cluster.url, cluster.token):
        client.submit(job)
        wanted += job.count if isinstance(job, Service) else 0
    _wait(plan, client, wanted, say, begun + START_BOUND)
    _announce(plan, secrets, say, time.monotonic() - begun)


def _runtime(client: Client) -> str:
    agents = client.agents()
    return str(agents[0].get("runtime", "")) if agents else "no agent yet"


def films_ready(plan: Plan) -> int:
    """How many of the run's films are made."""
    return sum((plan.media / film / "title.json").is_file() for film in plan.films)


def _wait(
    plan: Plan, client: Client, wanted: int, say: Callable[[str], None], until: float
) -> None:
    needed = min(FIRST_FILMS, len(plan.films))
    shown = ""
    while True:
        tasks = client.tasks()
        started = sum(task.state == "Started" and task.job != "films" for task in tasks)
        made = films_ready(plan)
        line = f"{started} of {wanted} processes run, {made} of {needed} first films are made"
        if made < needed:
            line += _film_progress(plan)
        if line != shown:
            say(line)
            shown = line
        if started >= wanted and made >= needed:
            return
        if time.monotonic() > until:
            missing = sorted({task.name for task in tasks if task.state != "Started"})
            raise StartError(f"not usable after {START_BOUND:.0f} s; waiting for {missing}")
        time.sleep(0.1)


def _film_progress(plan: Plan) -> str:
    """How far the film is that is being made; raises where none can be."""
    try:
        told = json.loads((plan.media / "progress.json").read_text())
    except (OSError, ValueError):
        return ""
    if "error" in told:
        raise StartError(f"the films cannot be made: {told['error']}")
    return f" ({told['film']}: {told['percent'] // 10 * 10} %)"


def _announce(plan: Plan, secrets: Secrets, say: Callable[[str], None], seconds: float) -> None:
    from .member_client import first_play
    from .services.members.store import SEED, SEED_PASSWORD

    house = f"http://127.0.0.1:{plan.house_port}"
    email = SEED[0][1]
    steps = first_play(house, email, SEED_PASSWORD)
    told = ", ".join(f"{name} {ms:g} ms" + (f" ({by})" if by else "") for name, ms, by in steps)
    say(f"usable after {seconds:.1f} s")
    say("")
    say(f"  House  {house}/         {email} / {SEED_PASSWORD}")
    say(f"  Booth  http://127.0.0.1:{plan.booth_port}/#{secrets.booth}  (for this run)")
    say("  Ctrl-C leaves no process and no port")
    say(f"  One play, from asked to served: {told}")
    say("")
    for what, effect in TRY:
        say(f"  {what:<22} {effect}")


def down(run: Path) -> list[str]:
    """End everything that the run directory records; what was ended."""
    ended = sweep(run / "titan")
    for name in ("up.json", "secrets.json", "plan.json"):
        with suppress(FileNotFoundError):
            (run / name).unlink()
    return ended


def client_of(run: Path) -> Client:
    """A client of the run's cluster. Raises `StartError` where nothing runs."""
    try:
        client = Client.of(run / "titan")
        client.agents()
    except (OSError, TitanError) as error:
        raise StartError(f"nothing runs in {run}: refapp up") from error
    return client


def say_on_terminal(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True, file=sys.stdout)
