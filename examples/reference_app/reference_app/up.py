"""Starting and ending a run: titan_sched with three zone agents, and everything else placed by it.

The one who calls `up` only waits (see `watch`). All processes belong to the cluster, which is
recorded in the run directory by process id and start time; `down`, a signal, or the next `up` ends
exactly those.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from titan_sched import Client, Service, TitanError, start_cluster, sweep

from .checks import check, check_films, check_ports
from .media import RECIPE
from .profiles import FIRST_FILMS, ZONES, Plan, jobs
from .services.titles.catalogue import TITLES
from .settings import Secrets
from .watch import ENDS_WITHIN, Record, Signals, StartError, Stopped, Watch, end_watcher

START_BOUND = 240.0
"""Seconds after which a start that is not usable is given up: a slow machine makes films slowly."""

TRY = (
    ("refapp kill oca-b2", "the film goes on"),
    ("refapp kill play-api", "replaced within seconds: refapp status"),
    ("press w in the page", "where each row came from"),
)
"""Three things to try, as the terminal, the README and the tour tell them."""


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
    otlp: str | None = None
    """Where spans go instead of the booth."""


def cache_dir() -> Path:
    """Where the demo keeps what it made: the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "halation"


def run_dir(options: Options) -> Path:
    """The run directory that these options mean."""
    return (options.run or cache_dir() / f"run-{options.house_port}").absolute()


def make_plan(options: Options) -> Plan:
    """Paths and ports of a run."""
    check_films(options.films)
    films = tuple(title.id for title in TITLES[: options.films])
    default = cache_dir() / f"films-{RECIPE}-{options.film_seconds}s"
    return Plan(
        run=run_dir(options),
        media=(options.media or default).absolute(),
        house_port=options.house_port,
        booth_port=options.booth_port,
        films=films,
        film_seconds=options.film_seconds,
        otlp=options.otlp,
    )


def up(options: Options, *, detach: bool, say: Callable[[str], None]) -> int:
    """Start a run and wait for a signal (or leave it running, with `detach`)."""
    plan = make_plan(options)
    with Signals() as signals:
        try:
            check(plan)
            watch = Watch.take(plan.run)
            _claim(plan, say)
            watch.sign()
        except Stopped:
            return 130
        with watch:
            return _watched(plan, watch, signals, detach=detach, say=say)


def _watched(
    plan: Plan, watch: Watch, signals: Signals, *, detach: bool, say: Callable[[str], None]
) -> int:
    try:
        start(plan, say)
        while not detach:
            # Not signal.pause: a signal that comes just before it would be slept through.
            time.sleep(1.0)
        watch.sign(detached=True)
    except BaseException as error:
        # The house goes first: whoever reads these lines may be gone already.
        signals.ignored = True
        if not watch.replaced:
            _end(plan.run)
            watch.clear()
        if not isinstance(error, Stopped):
            raise
        say("ended: no process and no port is left")
    return 0


def _claim(plan: Plan, say: Callable[[str], None]) -> None:
    """End what an `up` that was killed has left; refuse what one has left running on purpose."""
    record = Record.read(plan.run)
    if record is not None and record.detached:
        with suppress(OSError, TitanError):
            Client.of(plan.run / "titan", timeout=2.0).agents()
            raise StartError(f"{plan.run} is up already, since refapp up --detach: refapp down")
    check_ports(plan, ours=_ports(plan.run))
    if (plan.run / "titan").is_dir():
        ended = sweep(plan.run / "titan")
        if ended:
            say(f"ended {len(ended)} processes that an earlier run had left")
        shutil.rmtree(plan.run / "titan", ignore_errors=True)
    check_ports(plan)


def _ports(run: Path) -> list[int]:
    """Ports of the run that is recorded in a run directory; none where none is."""
    try:
        plan = json.loads((run / "plan.json").read_text())
    except (OSError, ValueError):
        return []
    return [plan["house_port"], plan["booth_port"]]


def start(plan: Plan, say: Callable[[str], None]) -> None:
    """Bring the cluster up, submit all jobs, and wait until the page is usable."""
    begun = time.monotonic()
    secrets = Secrets.make()
    secrets.write(plan.run)
    (plan.run / "data").mkdir(exist_ok=True)
    (plan.media / "progress.json").unlink(missing_ok=True)
    (plan.run / "plan.json").write_text(json.dumps(vars(plan), default=str))
    cluster = start_cluster(plan.run / "titan", zones=ZONES)
    client = cluster.client()
    say(f"titan_sched: {len(ZONES)} zones, {_runtime(client)}")
    wanted = 0
    for job in jobs(plan, cluster.url, cluster.token):
        client.submit(job)
        wanted += job.count if isinstance(job, Service) else 0
    _wait(plan, client, wanted, say, begun + START_BOUND)
    steps = usable(plan, begun + START_BOUND)
    _announce(plan, secrets, steps, say, time.monotonic() - begun)


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
        made = min(films_ready(plan), needed)
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


def usable(plan: Plan, until: float) -> list[tuple[str, float, str]]:
    """Sign in and play until it succeeds and the booth answers; the five steps of that play.

    A task is Started as soon as it has been forked: only a play tells that the house is open.
    Raises `StartError` at `until`, in seconds of the monotonic clock.
    """
    from .member_client import ClientError, first_play, page
    from .services.members.store import SEED, SEED_PASSWORD

    while True:
        try:
            page(f"http://127.0.0.1:{plan.booth_port}/")
            return first_play(f"http://127.0.0.1:{plan.house_port}", SEED[0][1], SEED_PASSWORD)
        except (ClientError, OSError, HTTPException, ValueError) as error:
            if time.monotonic() > until:
                raise StartError(f"all processes run, but none is usable: {error}") from error
        time.sleep(0.25)


def _announce(
    plan: Plan,
    secrets: Secrets,
    steps: list[tuple[str, float, str]],
    say: Callable[[str], None],
    seconds: float,
) -> None:
    from .services.members.store import SEED, SEED_PASSWORD

    told = ", ".join(f"{name} {ms:g} ms" + (f" ({by})" if by else "") for name, ms, by in steps)
    say(f"usable after {seconds:.1f} s")
    say("")
    say(f"  House  http://127.0.0.1:{plan.house_port}/         {SEED[0][1]} / {SEED_PASSWORD}")
    say(f"  Booth  http://127.0.0.1:{plan.booth_port}/#{secrets.booth}  (for this run)")
    say("  Ctrl-C leaves no process and no port")
    say(f"  One play, from asked to served: {told}")
    say("")
    for what, effect in TRY:
        say(f"  {what:<22} {effect}")


def down(run: Path, say: Callable[[str], None]) -> None:
    """End a run: by the `up` that watches over it, and then by what the run directory records."""
    if not run.is_dir():
        say("nothing was running")
        return
    watcher = end_watcher(run)
    with Watch.take(run, patience=ENDS_WITHIN) as watch:
        ended = _end(run)
        watch.clear()
    if watcher is not None:
        say(f"ended the run that process {watcher} watched over")
    if ended or watcher is None:
        say(f"ended {len(ended)} processes" if ended else "nothing was running")


def _end(run: Path) -> list[str]:
    """End everything that the run directory records; what was ended."""
    ended = sweep(run / "titan")
    for name in ("secrets.json", "plan.json"):
        (run / name).unlink(missing_ok=True)
    return ended


def watched(run: Path) -> str:
    """Who watches over what runs, in one sentence."""
    record = Record.read(run)
    if record is not None and record.alive:
        return f"refapp up (process {record.pid}) watches over it"
    if record is not None and record.detached:
        return "refapp up --detach has left it running; refapp down ends it"
    return "refapp up was killed; refapp down ends what is left"


def client_of(run: Path) -> Client:
    """A client of the run's cluster. Raises `StartError` where nothing runs."""
    try:
        client = Client.of(run / "titan")
        client.agents()
    except (OSError, TitanError) as error:
        raise StartError(f"nothing runs in {run}: refapp up") from error
    return client


def say_on_terminal(line: str) -> None:
    """Print one line at once; where nobody can read it any more, print nothing from then on."""
    try:
        print(line, flush=True, file=sys.stdout)
    except OSError:
        # What is still buffered would fail again at exit (docs.python.org, note on SIGPIPE).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
