"""TCP ports for tasks: free ones of the host, each given to one task at a time."""

from __future__ import annotations

import socket

# Below the range from which kernels take the local ports of outgoing connections: else a task's
# port could be taken between its allocation and its bind, and a probe could connect to itself.
FIRST, LAST = 20_000, 32_000


class PortPool:
    """Hands out ports of one address.

    Args:
        host: the address tasks bind to.
        seed: where to begin; agents of one machine that begin apart seldom meet.
    """

    def __init__(self, host: str, seed: int) -> None:
        self._host = host
        self._next = FIRST + seed % (LAST - FIRST)
        self._taken: set[int] = set()

    def take(self, count: int) -> list[int]:
        """So many ports that nobody listens on now.

        Raises:
            OSError: when there are no more.
        """
        found: list[int] = []
        for _ in range(LAST - FIRST):
            if len(found) == count:
                break
            port = self._next
            self._next = FIRST + (port + 1 - FIRST) % (LAST - FIRST)
            if port not in self._taken and self._free(port):
                found.append(port)
        if len(found) < count:
            raise OSError(f"no {count} free ports between {FIRST} and {LAST}")
        self._taken.update(found)
        return found

    def hold(self, ports: list[int]) -> None:
        """Mark the ports of a task that was found again."""
        self._taken.update(ports)

    def give_back(self, ports: list[int]) -> None:
        """Take back the ports of a task that ended."""
        self._taken.difference_update(ports)

    def _free(self, port: int) -> bool:
        with socket.socket() as probe:
            try:
                probe.bind((self._host, port))
            except OSError:
                return False
        return True
