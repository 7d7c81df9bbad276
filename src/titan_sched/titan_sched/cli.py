"""``titan``: what people type (dev, ps, submit, kill, explain), and a cluster's own processes.

Only here are environment variables read: ``TITAN_DIR`` is the default of ``--dir``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from titan_sched import _process
from titan_sched.errors import InvalidJobError, TitanError
from titan_sched.jobs import from_json, parse_mib

RUNTIMES = ("auto", "bubblewrap", "subprocess")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an error is one line on stderr and exit code 1."""
    options = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (TitanError, OSError, ValueError) as error:
        print(f"titan: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="titan", description="A container scheduler.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> _Parser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(run=run)
        default = Path(os.environ.get("TITAN_DIR", ".titan"))
        sub.add_argument("--dir", type=Path, default=default, help="the cluster's directory")
        return sub

    dev = command("dev", _dev, "run a cluster on this machine until Ctrl-C")
    dev.add_argument("--zones", default="a,b,c", help="default a,b,c")
    dev.add_argument("--runtime", choices=RUNTIMES, default="auto")
    command("ps", _ps, "list the tasks")
    submit = command("submit", _submit, "submit a job")
    submit.add_argument("file", help="a job as Titus's JSON; - reads standard input")
    command("kill", _kill, "end a job").add_argument("job", help="id or name")
    command("explain", _explain, "say why a job is pending").add_argument("job", help="id or name")
    command("sweep", _sweep, "end all that runs of a cluster, and remove its state")
    _control_options(command("control", _control, "run a control plane"))
    _agent_options(command("agent", _agent, "run an agent"))
    return parser


_Parser = argparse.ArgumentParser


def _control_options(parser: _Parser) -> None:
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--owner", help="PID:START of the process that the cluster ends with")
    parser.add_argument("--generation", help=argparse.SUPPRESS)


def _agent_options(parser: _Parser) -> None:
    parser.add_argument("--id", required=True)
    parser.add_argument("--zone", required=True)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--control", help="the control plane's URL")
    where.add_argument("--control-file", type=Path, help="its control.json, read at each connect")
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto")
    parser.add_argument("--cpu", type=float, default=4.0 * (os.cpu_count() or 1))
    parser.add_argument("--memory", default="1G", help="what it offers, default 1G")
    parser.add_argument("--disk", default="10G", help="what it offers, default 10G")
    parser.add_argument("--hide", action="append", default=[], help="a path no task may see")
    parser.add_argument("--generation", help=argparse.SUPPRESS)


def _control(options: argparse.Namespace) -> int:
    from titan_sched.control.process import serve

    return serve(
        options.dir,
        options.port,
        options.token_file,
        owner=options.owner,
        generation=options.generation,
    )


def _agent(options: argparse.Namespace) -> int:
    from titan_sched.agent.process import AgentConfig, serve

    file: Path | None = options.control_file

    def address() -> str:
        if file is None:
            return str(options.control)
        if (record := _process.read_record(file)) is None:
            raise FileNotFoundError(file)
        return str(record["url"])

    generation = None
    if options.generation is not None and file is not None:
        generation = (file.parent, options.generation)
    config = AgentConfig(
        agent_id=options.id,
        zone=options.zone,
        directory=options.dir,
        address=address,
        token_file=options.token_file,
        runtime=options.runtime,
        cpu=options.cpu,
        memory_mb=parse_mib("--memory", options.memory),
        disk_mb=parse_mib("--disk", options.disk),
        hidden=options.hide,
        generation=generation,
    )
    return serve(config)


def _dev(options: argparse.Namespace) -> int:
    from titan_sched.local import Titan

    # A closed terminal and a SIGTERM end it as Ctrl-C does, in whatever line they come; and SIGINT
    # does so where a shell that started this in the background left it ignored, too.
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler)
    try:
        with Titan.local(options.zones.split(","), options.dir, options.runtime) as titan:
            print(f"control plane {titan.cluster.url}, token {titan.cluster.token}")
            for agent in titan.client.agents():
                runtime = f"{agent['runtime']} ({agent['runtimeReason']})"
                print(f"agent {agent['id']}, zone {agent['zone']}: {runtime}")
            print(f"in another terminal: titan ps --dir {options.dir}", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    return 0


def _ps(options: argparse.Namespace) -> int:
    from titan_sched.api.client import Client

    row = "{:<20} {:<14} {:<5} {:<6} {:<22} {:>8}  {}"
    print(row.format("TASK", "STATE", "ZONE", "AGENT", "ADDRESS", "PID", "REASON"))
    for task in Client.of(options.dir).tasks():
        known = (task.zone, task.agent, task.address, task.pid, task.reason)
        print(row.format(task.name, task.state, *(str(one or "-") for one in known)))
    return 0


def _submit(options: argparse.Namespace) -> int:
    from titan_sched.api.client import Client

    text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text()
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InvalidJobError(options.file, text[:40], f"JSON ({error})") from None
    print(Client.of(options.dir).submit(from_json(data)).id)
    return 0


def _kill(options: argparse.Namespace) -> int:
    from titan_sched.api.client import Client

    Client.of(options.dir).kill_job(options.job)
    return 0


def _explain(options: argparse.Namespace) -> int:
    from titan_sched.api.client import Client

    print(Client.of(options.dir).explain(options.job))
    return 0


def _sweep(options: argparse.Namespace) -> int:
    from titan_sched._sweep import sweep

    for name in sweep(options.dir):
        print(f"ended {name}")
    return 0
