"""Server groups: a full replica each, one a zone, sharded over its nodes by a ring.

A dead node is not rehashed away: its keys miss in its zone and another zone answers. A node
leaves only when discovery has dropped it and its connection is lost too; a node of the same name
at another address replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from evcache.discovery import FileServers, is_ip
from evcache.ring import Ring

if TYPE_CHECKING:
    from evcache.protocol import Slot

DOWN = 1.0
"""Seconds a node that failed is left alone."""

PROBE_GAP = 0.1
"""Seconds between the calls that try a node which had failed."""

Servers = Mapping[str, Sequence[str]] | str
"""``{"zone": ["host/ip:port", ...]}`` or ``"file:/path/of/service.json"``."""


class Place(NamedTuple):
    """Where discovery says that a node is."""

    zone: str
    name: str
    host: str
    port: int


class Node:
    """One node and what is known of its health. Times are those of the plan's clock."""

    __slots__ = (
        "down_until",
        "epoch",
        "gone",
        "heard_once",
        "label",
        "orphan",
        "place",
        "probe",
        "silent_since",
    )

    def __init__(self, place: Place) -> None:
        self.place = place
        self.label = f"{place.zone}/{place.name.partition('/')[0]}"
        self.epoch = 0
        """Connections of an older epoch are not used any more."""
        self.down_until = 0.0
        self.silent_since = 0.0
        self.heard_once = False
        self.probe: Slot | None = None
        """The command that was sent last while the node was in doubt."""
        self.orphan = False
        """Discovery has dropped it, and it still answers."""
        self.gone = False
        """Nobody will ask it any more; its connections may be closed."""

    def rested(self, now: float) -> bool:
        """Whether a node in doubt may be tried now: by one call every `PROBE_GAP` seconds."""
        if now < self.down_until:
            return False
        self.down_until = now + PROBE_GAP
        return True

    @property
    def doubtful(self) -> bool:
        """Whether it has failed and not answered since: nobody should wait for it alone."""
        return self.down_until != 0.0

    def heard(self) -> None:
        """A reply came. Called by drivers, for late replies too."""
        if self.down_until or self.silent_since or not self.heard_once:
            self.down_until = self.silent_since = 0.0
            self.heard_once = True

    def silent(self, since: float, epoch: int, now: float, patience: float) -> None:
        """A reply did not come in time; after `patience` seconds without any, it has failed."""
        if self.down_until:
            return
        if not self.silent_since:
            self.silent_since = since
        if now - self.silent_since >= patience:
            self.failed(epoch, now)

    def failed(self, epoch: int, now: float) -> None:
        """The node cannot be reached: leave it alone for a while, and its connections for good.

        News of connections older than the present ones is no news.
        """
        if epoch == self.epoch:
            self.down_until = now + DOWN
            self.silent_since = 0.0
            self.heard_once = False
            self.probe = None
            self.epoch += 1

    def renew(self, epoch: int) -> None:
        """Connections that were used before are lost: the next call opens new ones."""
        if epoch == self.epoch:
            self.epoch += 1


class Group:
    """The nodes of one zone."""

    __slots__ = ("_ring", "nodes", "zone")

    def __init__(self, zone: str, nodes: Sequence[Node]) -> None:
        self.zone = zone
        self.nodes = tuple(nodes)
        self._ring = Ring([node.place.name for node in nodes]) if len(nodes) > 1 else None

    def node(self, key: bytes) -> Node:
        """The node that holds `key`."""
        return self.nodes[self._ring(key) if self._ring is not None else 0]


class Cluster:
    """All groups, the caller's own zone first.

    Args:
        servers: a fixed mapping, or a file that is looked at again while it is used.
        zone: the caller's zone; None leaves the order as given.

    Raises:
        ValueError: an address that is none, or two nodes of one name in a group.
    """

    def __init__(self, servers: Servers, zone: str | None) -> None:
        self._zone = zone
        self._source: FileServers | None = None
        self._groups: tuple[Group, ...] = ()
        self._nodes: dict[tuple[str, str], Node] = {}
        self._known: tuple[Node, ...] = ()
        self._orphans = False
        if not isinstance(servers, str):
            self._update(_parsed(servers))
        elif servers.startswith("file:"):
            self._source = FileServers(servers.removeprefix("file:"))
        else:
            raise ValueError(
                f"servers {servers!r} is neither a mapping of zones nor 'file:/path.json'"
            )

    def groups(self, now: float) -> tuple[Group, ...]:
        """The groups as they are known now, in the order in which reads ask them."""
        if self._source is not None:
            found = self._source.poll(now)
            if found is not None:
                self._update([Place(*entry) for entry in found])
        if self._orphans and any(n.orphan and not n.heard_once for n in self._nodes.values()):
            self._regroup()
        return self._groups

    def _update(self, places: Iterable[Place]) -> None:
        nodes: dict[tuple[str, str], Node] = {}
        for place in places:
            known = self._nodes.get((place.zone, place.name))
            node = known if known is not None and known.place == place else Node(place)
            node.orphan = False
            nodes[place.zone, place.name] = node
        for key, node in self._nodes.items():
            if key not in nodes and node.heard_once:
                node.orphan = True
                nodes[key] = node
        self._nodes = nodes
        self._regroup()

    def _regroup(self) -> None:
        """Build the groups anew, without nodes that are both dropped and lost."""
        kept = {k: n for k, n in self._nodes.items() if n.heard_once or not n.orphan}
        zones: dict[str, list[Node]] = {}
        for node in kept.values():
            zones.setdefault(node.place.zone, []).append(node)
        groups = [Group(zone, nodes) for zone, nodes in zones.items()]
        groups.sort(key=lambda group: group.zone != self._zone)
        for node in {*self._known, *self._nodes.values()} - {*kept.values()}:
            node.gone = True
        self._known = tuple(kept.values())
        self._nodes = kept
        self._orphans = any(node.orphan for node in kept.values())
        self._groups = tuple(groups)


def _parsed(servers: Mapping[str, Sequence[str]]) -> list[Place]:
    places: dict[tuple[str, str], Place] = {}
    for zone, addresses in servers.items():
        if isinstance(addresses, str):
            raise TypeError(f"servers[{zone!r}] is a list of addresses, not {addresses!r}")
        for address in addresses:
            place = parse(zone, address)
            if (zone, place.name) in places:
                raise ValueError(
                    f"two nodes of zone {zone!r} are both {place.name!r} on the ring, which does "
                    f"not look at ports: give them names, as 'cache-{zone}1/{address}'"
                )
            places[zone, place.name] = place
    return list(places.values())


def parse(zone: str, address: str) -> Place:
    """Read ``host/ip:port``, or ``ip:port`` where the host is the address itself.

    Raises:
        ValueError: the text is of another form.
    """
    name, _, rest = address.rpartition("/")
    host, _, port = rest.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536 and is_ip(host)):
        raise ValueError(
            f"servers[{zone!r}] has {address!r}: allowed are 'ip:port' and 'host/ip:port'"
        )
    return Place(zone, f"{name or host}/{host}", host, int(port))
