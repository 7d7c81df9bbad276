"""The test kit: real nodes, each a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from types import TracebackType


class Zones(Mapping[str, list[str]]):
    """Running Moneta nodes, one a zone: a context manager, and a mapping that `EVCache` takes.

    Args:
        names: the zones.
        memory: what each node may keep, as ``16M``.
    """

    def __init__(self, names: tuple[str, ...], memory: str) -> None:
        self._names = names
        self._memory = memory
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}

    def start(self, *zones: str) -> None:
        """Start nodes; one that was stopped comes back empty, on its old port."""
        for zone in zones:
            self.stop(zone)
            self._nodes[zone] = subprocess.Popen(  # noqa: S603  our own program
                [
                    *(sys.executable, "-m", "evcache", "moneta", "--memory", self._memory),
                    *("--port", str(self._ports.get(zone, 0))),
                ],
                stdout=subprocess.PIPE,
            )
        for zone in zones:
            told = self._nodes[zone].stdout
            line = b"" if told is None else told.readline()
            if not line.startswith(b"listening on "):
                raise RuntimeError(f"the node of zone {zone!r} did not start")
            self._ports[zone] = int(line.rpartition(b":")[2])

    def stop(self, zone: str) -> None:
        """Kill the node of a zone, as a crash would, and wait until it is gone."""
        node = self._nodes.pop(zone, None)
        if node is not None:
            node.kill()
            node.wait()
            if node.stdout is not None:
                node.stdout.close()

    def pid(self, zone: str) -> int:
        """Process id of the node of a zone, for signals of other kinds."""
        return self._nodes[zone].pid

    def __enter__(self) -> Zones:
        try:
            self.start(*self._names)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for zone in list(self._nodes):
            self.stop(zone)

    def __getitem__(self, zone: str) -> list[str]:
        return [f"cache-{zone}1/127.0.0.1:{self._ports[zone]}"]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ports)

    def __len__(self) -> int:
        return len(self._ports)


def zones(*names: str, memory: str = "16M") -> Zones:
    """Real nodes in the zones of these names, to be used by ``with``.

    Args:
        names: the zones, as ``"a", "b"``.
        memory: what each node may keep.
    """
    if not names or len(set(names)) < len(names):
        raise ValueError(f"zones need distinct names: {names!r}")
    return Zones(names, memory)
