"""`refapp`: start, watch, break and end the demo from a terminal."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

from titan_sched import TitanError

from .booth.instances import LAYERS, layer_of
from .doctor import doctor
from .member_client import ClientError
from .profiles import PROFILES
from .settings import Secrets, otlp_of
from .tour import tour
from .up import (
    Options,
    client_of,
    down,
    run_dir,
    say_on_terminal,
    up,
    watched,
)
from .watch import StartError


def parser() -> argparse.ArgumentParser:
    """All verbs and their options."""
    top = argparse.ArgumentParser(prog="refapp", description=__doc__)
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--house-port", type=int, default=7700, help="default 7700")
    where.add_argument("--run", type=Path, help="run directory; default: below the user's cache")
    verbs = top.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", parents=[where], help="start everything and wait")
    start.add_argument("--booth-port", type=int, default=7701, help="default 7701")
    start.add_argument("--profile", default="mini", help="mini")
    start.add_argument("--detach", action="store_true", help="return when it is usable")
    start.add_argument("--media", type=Path, help="folder of films; default: the user's cache")
    start.add_argument("--films", type=int, default=10, help="how many films; default 10")
    start.add_argument("--film-seconds", type=int, default=120, help="length; default 120")
    verbs.add_parser("down", parents=[where], help="end it")
    verbs.add_parser("status", parents=[where], help="what runs, and where")
    verbs.add_parser("doctor", parents=[where], help="what is embedded, real, or missing")
    trace = verbs.add_parser("trace", parents=[where], help="the five steps of a play")
    trace.add_argument("which", nargs="?", default="last", help="last")
    for verb, text in (("kill", "end an instance at once"), ("stop", "freeze it for a time")):
        fault = verbs.add_parser(verb, parents=[where], help=text)
        fault.add_argument("target", help="a job, an instance, an appliance, or zone-a")
        if verb == "stop":
            fault.add_argument("--seconds", type=float, default=30.0, help="default 30")
    restore = verbs.add_parser("restore", parents=[where], help="bring a killed zone back")
    restore.add_argument("target", help="zone-a, zone-b or zone-c")
    verbs.add_parser("tour", parents=[where], help="two minutes without a browser: PASS or FAIL")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; every refusal is one line on stderr and exit code 2."""
    arguments = parser().parse_args(argv)
    try:
        return VERBS[arguments.verb](arguments)
    except (StartError, TitanError, ClientError, HTTPException, OSError) as error:
        print(f"refapp: {error or type(error).__name__}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _options(arguments: argparse.Namespace) -> Options:
    return Options(house_port=arguments.house_port, run=arguments.run)


def _up(arguments: argparse.Namespace) -> int:
    if arguments.profile not in PROFILES:
        allowed = ", ".join(PROFILES)
        raise StartError(f"profile: {arguments.profile!r} is not allowed; expected {allowed}")
    options = Options(
        house_port=arguments.house_port,
        booth_port=arguments.booth_port,
        run=arguments.run,
        media=arguments.media,
        films=arguments.films,
        film_seconds=arguments.film_seconds,
        otlp=otlp_of(),
    )
    return up(options, detach=arguments.detach, say=say_on_terminal)


def _down(arguments: argparse.Namespace) -> int:
    down(run_dir(_options(arguments)), say_on_terminal)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    run = run_dir(_options(arguments))
    client = client_of(run)
    tasks = [task for task in client.tasks() if task.state != "Finished"]
    tasks.sort(key=lambda task: (LAYERS.index(layer_of(task.job)), task.name))
    for task in tasks:
        address = task.address or "-"
        say_on_terminal(f"{task.name:<18}{task.zone or '-':<4}{task.state:<16}{address}")
    say_on_terminal(watched(run))
    return 0


def _trace(arguments: argparse.Namespace) -> int:
    run = run_dir(_options(arguments))
    client_of(run)
    plan = json.loads((run / "plan.json").read_text())
    request = urllib.request.Request(
        f"http://127.0.0.1:{plan['booth_port']}/booth/trace/{quote(arguments.which, safe='')}",
        headers={"x-peer": Secrets.read(run).peer},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - likewise
            play = json.load(response)
    except urllib.error.HTTPError as error:
        raise StartError(f"no such play is known to the booth ({error.code})") from error
    except OSError as error:
        raise StartError(f"the booth does not answer: {error}") from error
    say_on_terminal(f"{play['title_name']}  trace {play['trace']}")
    for step in play["steps"]:
        ms = f"{step['ms']:8.1f} ms" if step.get("ms") is not None else "       -   "
        say_on_terminal(f"  {step['name']:<14}{ms}  {step['state']}")
    return 0


def _fault(arguments: argparse.Namespace) -> int:
    client = client_of(run_dir(_options(arguments)))
    target = arguments.target
    if arguments.verb == "kill":
        client.fault(target, "KILL")
        say_on_terminal(f"killed {target}")
    else:
        client.fault(target, "STOP", seconds=arguments.seconds)
        say_on_terminal(f"stopped {target} for {arguments.seconds:g} s")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    zone = arguments.target.removeprefix("zone-")
    client_of(run_dir(_options(arguments))).fault(f"zone-{zone}", "CONT")
    say_on_terminal(f"zone {zone} is back")
    return 0


def _doctor(_: argparse.Namespace) -> int:
    return doctor(say_on_terminal)


def _tour(arguments: argparse.Namespace) -> int:
    return tour(run_dir(_options(arguments)), say_on_terminal)


VERBS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "doctor": _doctor,
    "trace": _trace,
    "kill": _fault,
    "stop": _fault,
    "restore": _restore,
    "tour": _tour,
}
