"""memcached's meta protocol from the client's side, without I/O.

Commands are built by functions; replies are read by a `Parser`, one a connection. A connection
answers in order, so the parser keeps the `Slot` of every command that was sent and fills the
oldest. Each reply must echo that slot's key and opaque number: neither a late reply, nor a
flipped bit, nor a server that lies about lengths can hand one key the value of another.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from evcache.errors import EVCacheError, ProtocolError, RefusedError

if TYPE_CHECKING:
    from evcache.groups import Node

MAX_LINE = 2048
"""Bytes of a reply line; a longer one is no reply."""

MAX_VALUE = 128 * 2**20
"""Bytes of a value; a server that announces more is not believed."""

_ANSWERS = frozenset((b"VA", b"HD", b"EN", b"NS", b"EX", b"NF"))
_REFUSALS = frozenset((b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR"))


class Slot:
    """One command sent to one node, and its outcome: a `reply`, an `error`, or neither yet."""

    __slots__ = (
        "data",
        "done",
        "epoch",
        "error",
        "judged",
        "key",
        "link",
        "node",
        "opaque",
        "reply",
        "retried",
        "reused",
        "sent",
        "wake",
    )

    def __init__(self, node: Node, key: bytes, opaque: int, data: bytes, sent: float) -> None:
        self.node = node
        self.epoch = node.epoch
        self.key = key
        self.opaque = opaque
        self.data = data
        self.sent = sent
        self.done = False
        self.reply: Reply | None = None
        self.error: EVCacheError | None = None
        # The connection had answered before: its loss says little about the node.
        self.reused = False
        # It is the second try of a command whose connection was lost.
        self.retried = False
        # The plan has drawn its conclusions from the error.
        self.judged = False
        # Both belong to the driver: the connection, and who is to be woken.
        self.link: object = None
        self.wake: object = None

    def fill(self, reply: Reply) -> None:
        """Settle with a reply."""
        self.reply = reply
        self.done = True

    def fail(self, error: EVCacheError, *, reused: bool = False) -> None:
        """Settle with an error."""
        self.error = error
        self.reused = reused
        self.done = True


class Reply:
    """One reply: its two-letter code, its value, and the flags that the client asks for."""

    __slots__ = ("cas", "code", "flags", "leased", "stale", "ttl", "value", "won")

    def __init__(self, code: bytes, value: bytes | None = None) -> None:
        self.code = code
        self.value = value
        self.flags = 0
        self.ttl: int | None = None
        self.cas = 0
        # W: this caller holds the lease. Z: another does. X: marked stale.
        self.won = False
        self.leased = False
        self.stale = False

    @property
    def hollow(self) -> bool:
        """Whether it is the empty mark of a lease, set by N, and no value that anybody wrote."""
        return not self.value and not self.flags and (self.won or self.leased)


class Parser:
    """Reads the replies of one connection in whatever pieces they come."""

    __slots__ = ("_have", "_need", "_pieces", "pending", "spoiled")

    def __init__(self) -> None:
        self.pending: deque[Slot] = deque()
        """Slots of sent commands, oldest first."""
        self.spoiled = False
        """An error line came. What follows it is not certain, so the connection is to close."""
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = 0

    def feed(self, data: bytes) -> list[Slot]:
        """Take received bytes; return the slots that they settled.

        Raises:
            ProtocolError: the bytes are no reply to what was asked. The connection is to close.
        """
        if self._pieces:
            # Joined once it can hold a whole reply: a drip of bytes costs no quadratic copying.
            self._pieces.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._pieces)
            self._pieces.clear()
        settled: list[Slot] = []
        start = 0
        while start < len(data) and not self.spoiled:
            end = self._one(data, start, settled)
            if end > len(data):
                self._pieces.append(data[start:])
                self._have = len(data) - start
                self._need = end - start
                break
            start = end
        return settled

    def _one(self, data: bytes, start: int, settled: list[Slot]) -> int:
        """Read one reply; return where it ends, beyond the data where it is not whole yet."""
        if not self.pending:
            raise ProtocolError("a reply that nobody asked for", data[start : start + 80])
        stop = data.find(b"\r\n", start, start + MAX_LINE)
        if stop < 0:
            if len(data) - start >= MAX_LINE:
                raise ProtocolError("a reply line without end", data[start : start + 80])
            return len(data) + 1
        words = data[start:stop].split(b" ")
        code = words[0]
        end = stop + 2
        value = None
        if code == b"VA":
            size = _number(words[1] if len(words) > 1 else b"", words)
            if size > MAX_VALUE:
                raise ProtocolError("a value larger than can be right", data[start:stop])
            value_at, end = end, end + size + 2
            if end > len(data):
                return end
            if data[end - 2 : end] != b"\r\n":
                raise ProtocolError("a value longer than its length", data[start:stop])
            value = data[value_at : end - 2]
        slot = self.pending[0]
        if code in _ANSWERS:
            slot.fill(_reply(slot, code, value, words))
        elif code in _REFUSALS:
            slot.fail(RefusedError(slot.node.label, data[start:stop].decode("utf-8", "replace")))
            self.spoiled = True
        else:
            raise ProtocolError("a line that is no reply", data[start:stop])
        self.pending.popleft()
        settled.append(slot)
        return end


def _reply(slot: Slot, code: bytes, value: bytes | None, words: list[bytes]) -> Reply:
    """Read the flags of a reply and check that it answers this slot."""
    if b"k" + slot.key not in words or b"O%d" % slot.opaque not in words:
        raise ProtocolError("a reply to another command", b" ".join(words))
    reply = Reply(code, value)
    for word in words[2 if value is not None else 1 :]:
        name = word[:1]
        if name == b"f":
            reply.flags = _number(word[1:], words)
        elif name == b"t":
            reply.ttl = None if word == b"t-1" else _number(word[1:], words)
        elif name == b"c":
            reply.cas = _number(word[1:], words)
        elif word == b"W":
            reply.won = True
        elif word == b"Z":
            reply.leased = True
        elif word == b"X":
            reply.stale = True
    return reply


def _number(digits: bytes, words: list[bytes]) -> int:
    if digits.isdigit() and len(digits) <= 20:
        return int(digits)
    raise ProtocolError("a number was expected", b" ".join(words))


def get(key: bytes, opaque: int) -> bytes:
    """Read value, flags and remaining seconds."""
    return b"mg %b k O%d f t v\r\n" % (key, opaque)


def lease(key: bytes, opaque: int, seconds: int, stale: int) -> bytes:
    """Read, and take the lease where there is no value or it has under `stale` seconds left.

    N stands before t: memcached works through flags in order, and tells the remaining time of a
    fresh lease only then.
    """
    recache = b" R%d" % stale if stale else b""
    return b"mg %b k O%d N%d%b c f t v\r\n" % (key, opaque, seconds, recache)


def touch(key: bytes, opaque: int, expiry: int) -> bytes:
    """Give a new expiry and read nothing."""
    return b"mg %b k O%d T%d\r\n" % (key, opaque, expiry)


def delete(key: bytes, opaque: int, cas: int = 0) -> bytes:
    """Delete; with `cas` only that one version."""
    guard = b" C%d" % cas if cas else b""
    return b"md %b k O%d%b\r\n" % (key, opaque, guard)


def store(
    key: bytes, opaque: int, flags: int, data: bytes, expiry: int, extra: bytes = b""
) -> bytes:
    """Write. `extra` is ``b" ME"`` to only add, or ``b" C<n>"`` to only replace one version."""
    return b"ms %b %d k O%d F%d T%d%b\r\n%b\r\n" % (
        key,
        len(data),
        opaque,
        flags,
        expiry,
        extra,
        data,
    )
