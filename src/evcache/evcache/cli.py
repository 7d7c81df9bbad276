"""The command ``evcache``."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code: 0, 1 where it failed, 2 for bad arguments."""
    parser = argparse.ArgumentParser(prog="evcache", description="A cache replicated over zones.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    moneta = commands.add_parser("moneta", help="run a node that keeps its items in memory")
    moneta.add_argument("--host", default="127.0.0.1", help="address (default %(default)s)")
    moneta.add_argument("--port", type=_port, default=11211, help="0 for a free one (%(default)s)")
    moneta.add_argument("--memory", type=_memory, default="64M", help="K, M or G (%(default)s)")
    given = parser.parse_args(argv)
    return _moneta(given.host, given.port, given.memory)


def _moneta(host: str, port: int, memory: int) -> int:
    from evcache.moneta import serve

    try:
        asyncio.run(serve(host, port, memory))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        sys.stderr.write(f"evcache moneta: cannot listen on {host}:{port}: {why}\n")
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _memory(text: str) -> int:
    unit = _UNITS.get(text[-1:].upper(), 1)
    digits = text[:-1] if unit > 1 else text
    if not digits.isdigit() or int(digits) * unit < 2**20:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: 1M or more, as 64M or 1G")
    return int(digits) * unit
