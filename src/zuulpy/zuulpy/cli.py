"""The command line: `zuulpy run gateway.toml`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from zuulpy.errors import TomlError
from zuulpy.toml import load_gateway


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 drained, 1 cannot listen, 2 bad arguments or toml."""
    parser = argparse.ArgumentParser(prog="zuulpy", description="A filter-chain gateway.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve what a gateway.toml describes")
    run.add_argument("file", type=Path, help="path of the gateway.toml")
    arguments = parser.parse_args(argv)
    try:
        gateway, host, port = load_gateway(arguments.file)
    except TomlError as error:
        print(f"zuulpy: {error}", file=sys.stderr)
        return 2
    gateway.run(host, port)
    return 0
