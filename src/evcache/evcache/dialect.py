"""memcached's protocols from the server's side, without I/O: received bytes in, replies out.

Of the meta protocol it knows ``mg ms md mn me``, of the classic one ``get gets set add replace
cas delete touch version verbosity stats flush_all quit``. Replies follow memcached 1.6, in
wording and in the order of their flags.
"""

from __future__ import annotations

from collections.abc import Callable

from evcache.stores.memory import MemoryStore, Stored

MAX_LINE = 65536
"""Bytes of a command line; a classic ``get`` of many keys is one line."""

MAX_KEY = 250
"""Bytes of a key."""

MAX_ITEM = 2**20
"""Bytes of a value, as in memcached."""

BATCH = 2**20
"""Bytes of replies after which the rest of the commands waits until these are sent."""

MAX_REPLY = 2**24
"""Bytes of one reply to a classic ``get`` of many keys."""

THIRTY_DAYS = 30 * 86400
VERSION = "1.6.0-moneta"

_BAD_LINE = b"CLIENT_ERROR bad command line format\r\n"
_TOO_LARGE = b"SERVER_ERROR object too large for cache\r\n"
_STORE_WORDS = {b"set": b"S", b"add": b"E", b"replace": b"R", b"cas": b"S"}
_MODES = {b"S": b"S", b"s": b"S", b"E": b"E", b"e": b"E", b"R": b"R", b"r": b"R"}


class Session:
    """One connection: takes bytes in whatever pieces, returns what to answer.

    Args:
        store: where the items are.
        clock: monotonic seconds, those of the store.
        wall: unix seconds, for expiries given as such.
    """

    def __init__(
        self, store: MemoryStore, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self.closing = False
        """The client asked to be closed, or can no longer be understood."""
        self.waiting = False
        """Whole commands may be left over: feed nothing once the replies are sent."""
        self._store = store
        self._clock = clock
        self._wall = wall
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = 0
        self._swallow = 0

    def feed(self, data: bytes) -> bytes:
        """Take received bytes and return the replies to the commands that are whole."""
        self._pieces.append(data)
        self._have += len(data)
        if self._have < self._need:
            return b""
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._have = self._need = 0
        replies: list[bytes] = []
        start, told = 0, 0
        while start < len(data) and not self.closing and told <= BATCH:
            skipped = min(self._swallow, len(data) - start)
            if skipped:
                self._swallow -= skipped
                start += skipped
                continue
            before = len(replies)
            end = self._one(data, start, replies)
            if end > len(data):
                self._need = end - start
                break
            start = end
            told += sum(map(len, replies[before:]))
        self.waiting = told > BATCH and start < len(data)
        if start < len(data):
            self._pieces.append(data[start:])
            self._have = len(data) - start
        return b"".join(replies)

    def _one(self, data: bytes, start: int, replies: list[bytes]) -> int:
        """Execute one command; return where it ends, beyond the data where it is not whole."""
        stop = data.find(b"\n", start, start + MAX_LINE)
        if stop < 0:
            if len(data) - start >= MAX_LINE:
                replies.append(b"CLIENT_ERROR line too long\r\n")
                self.closing = True
            return len(data) + (not self.closing)
        words = data[start:stop].split()
        name = words[0] if words else b""
        if name != b"ms" and name not in _STORE_WORDS:
            replies.append(self._plain(name, words))
            return stop + 1
        if name != b"ms" and len(words) < 5:
            replies.append(b"ERROR\r\n")
            return stop + 1
        size = _size(words, 2 if name == b"ms" else 4)
        if size is None or len(words[1]) > MAX_KEY:
            replies.append(_BAD_LINE)
            self._swallow = 0 if size is None else size + 2
            return stop + 1
        if size > MAX_ITEM:
            # As memcached does: what was under the key is not what was last written.
            self._store.delete(words[1])
            replies.append(_TOO_LARGE)
            self._swallow = size + 2
            return stop + 1
        end = stop + 1 + size + 2
        if end <= len(data):
            value = data[stop + 1 : end - 2]
            if data[end - 2 : end] != b"\r\n":
                replies.append(b"CLIENT_ERROR bad data chunk\r\n")
                self.closing = True
            elif name == b"ms":
                replies.append(self._meta_set(words, value))
            else:
                replies.append(self._classic_set(name, words, value))
        return end

    def _plain(self, name: bytes, words: list[bytes]) -> bytes:
        """A command that is one line."""
        if name in (b"mg", b"md", b"me", b"get", b"gets", b"delete", b"touch"):
            if len(words) < 2:
                return b"ERROR\r\n"
            keys = words[1:] if name in (b"get", b"gets") else words[1:2]
            if any(len(key) > MAX_KEY for key in keys):
                return _BAD_LINE
        if name == b"mg":
            return self._meta_get(words)
        if name == b"md":
            return self._meta_delete(words)
        if name == b"mn":
            return b"MN\r\n"
        if name == b"me":
            return self._meta_debug(words[1])
        if name in (b"get", b"gets"):
            return self._classic_get(words[1:], name == b"gets")
        return self._classic(name, words)

    # The meta protocol

    def _meta_get(self, words: list[bytes]) -> bytes:
        key, flags = words[1], _flags(words[2:], b"NRTOcfkqstv")
        if flags is None:
            return b"CLIENT_ERROR invalid flag\r\n"
        item, won = self._store.get(key), False
        if item is None:
            if b"N" not in flags:
                return b"" if b"q" in flags else b"EN" + _echo(key, words[2:]) + b"\r\n"
            item = self._store.set(key, b"", 0, self._expires(flags[b"N"]))
            won = True
        elif b"R" in flags and not item.leased and item.expires is not None:
            won = item.expires - self._clock() < flags[b"R"]
        if b"T" in flags:
            item.expires = self._expires(flags[b"T"])
        told = [b"VA %d" % len(item.value) if b"v" in flags else b"HD"]
        for word in words[2:]:
            told += self._told(word[:1], word, key, item)
        if item.leased:
            told.append(b"Z")
        if item.stale:
            told.append(b"X")
            won = won or not item.leased
        if won:
            told.append(b"W")
            item.leased = True
        tail = b"\r\n" + item.value + b"\r\n" if b"v" in flags else b"\r\n"
        return b" ".join(told) + tail

    def _told(self, name: bytes, word: bytes, key: bytes, item: Stored) -> list[bytes]:
        """One flag of a reply to ``mg``."""
        if name == b"k":
            return [b"k" + key]
        if name == b"O":
            return [word]
        if name == b"f":
            return [b"f%d" % item.flags]
        if name == b"s":
            return [b"s%d" % len(item.value)]
        if name == b"c":
            return [b"c%d" % item.cas]
        if name == b"t":
            left = -1 if item.expires is None else int(item.expires - self._clock())
            return [b"t%d" % left]
        return []

    def _meta_set(self, words: list[bytes], value: bytes) -> bytes:
        key, flags = words[1], _flags(words[3:], b"CFIMOTckq")
        if flags is None:
            return b"CLIENT_ERROR invalid flag\r\n"
        word = next((word[1:] for word in words[3:] if word[:1] == b"M"), b"S")
        mode = _MODES.get(word)
        if mode is None:
            return b"CLIENT_ERROR invalid mode for ms\r\n"
        expires = self._expires(flags.get(b"T", 0))
        code = self._write(key, value, flags.get(b"F", 0), expires, mode, flags.get(b"C"))
        if code == b"HD" and b"q" in flags:
            return b""
        return code + _echo(key, words[3:]) + b"\r\n"

    def _meta_delete(self, words: list[bytes]) -> bytes:
        key, flags = words[1], _flags(words[2:], b"CIOTkqx")
        if flags is None:
            return b"CLIENT_ERROR invalid flag\r\n"
        item = self._store.get(key)
        if item is None:
            code = b"NF"
        elif b"C" in flags and flags[b"C"] != item.cas:
            code = b"EX"
        else:
            code = b"HD"
            if b"I" in flags:
                item.stale, item.leased = True, False
                if b"T" in flags:
                    item.expires = self._expires(flags[b"T"])
                self._store.renew(item)
            else:
                self._store.delete(key)
        if b"q" in flags and code == b"HD":
            return b""
        return code + _echo(key, words[2:]) + b"\r\n"

    def _meta_debug(self, key: bytes) -> bytes:
        item = self._store.get(key)
        if item is None:
            return b"EN\r\n"
        left = -1 if item.expires is None else int(item.expires - self._clock())
        told = (key, left, item.cas, len(item.value))
        return b"ME %b exp=%d cas=%d cls=1 size=%d\r\n" % told

    # The classic protocol

    def _classic_get(self, keys: list[bytes], with_cas: bool) -> bytes:
        told: list[bytes] = []
        size = 0
        for key in keys:
            item = self._store.get(key)
            if item is not None:
                cas = b" %d" % item.cas if with_cas else b""
                told.append(b"VALUE %b %d %d%b\r\n" % (key, item.flags, len(item.value), cas))
                told.append(item.value + b"\r\n")
                size += len(item.value)
                if size > MAX_REPLY:
                    return b"SERVER_ERROR out of memory writing get response\r\n"
        return b"".join(told) + b"END\r\n"

    def _classic_set(self, name: bytes, words: list[bytes], value: bytes) -> bytes:
        flags, expiry = _number(words[2]), _number(words[3])
        cas = _number(words[5]) if name == b"cas" and len(words) > 5 else None
        if flags is None or expiry is None or (name == b"cas" and cas is None):
            return _BAD_LINE
        mode = _STORE_WORDS[name]
        code = self._write(words[1], value, flags, self._expires(expiry), mode, cas)
        told = {b"HD": b"STORED", b"NS": b"NOT_STORED", b"EX": b"EXISTS", b"NF": b"NOT_FOUND"}
        return b"" if words[-1] == b"noreply" else told[code] + b"\r\n"

    def _classic(self, name: bytes, words: list[bytes]) -> bytes:
        reply = b"ERROR\r\n"
        if name == b"delete":
            reply = b"DELETED\r\n" if self._live_delete(words[1]) else b"NOT_FOUND\r\n"
        elif name == b"touch":
            reply = self._classic_touch(words)
        elif name == b"version":
            reply = b"VERSION %b\r\n" % VERSION.encode()
        elif name == b"stats":
            reply = self._stats()
        elif name in (b"flush_all", b"verbosity"):
            if name == b"flush_all":
                self._store.clear()
            reply = b"OK\r\n"
        elif name == b"quit":
            self.closing = True
            reply = b""
        return b"" if words[-1:] == [b"noreply"] else reply

    def _classic_touch(self, words: list[bytes]) -> bytes:
        expiry = _number(words[2]) if len(words) > 2 else None
        if expiry is None:
            return b"ERROR\r\n"
        item = self._store.get(words[1])
        if item is None:
            return b"NOT_FOUND\r\n"
        item.expires = self._expires(expiry)
        return b"TOUCHED\r\n"

    def _stats(self) -> bytes:
        told = {
            "version": VERSION,
            "curr_items": len(self._store),
            "bytes": self._store.size,
            "limit_maxbytes": self._store.limit,
            "evictions": self._store.evictions,
        }
        lines = "".join(f"STAT {name} {value}\r\n" for name, value in told.items())
        return lines.encode() + b"END\r\n"

    # Both

    def _live_delete(self, key: bytes) -> bool:
        return self._store.get(key) is not None and self._store.delete(key)

    def _write(
        self,
        key: bytes,
        value: bytes,
        flags: int,
        expires: float | None,
        mode: bytes,
        cas: int | None,
    ) -> bytes:
        item = self._store.get(key)
        if cas is not None and (item is None or item.cas != cas):
            return b"NF" if item is None else b"EX"
        if (mode == b"E" and item is not None) or (mode == b"R" and item is None):
            return b"NS"
        self._store.set(key, value, flags, expires)
        return b"HD"

    def _expires(self, expiry: int) -> float | None:
        """When an expiry as it stands on the wire is reached; 0 is never, below it at once."""
        if expiry == 0:
            return None
        if expiry > THIRTY_DAYS:
            expiry -= int(self._wall())
        return self._clock() + max(0, expiry)


def _number(word: bytes) -> int | None:
    digits = word.removeprefix(b"-")
    return int(word) if digits.isdigit() and len(digits) <= 20 else None


def _size(words: list[bytes], at: int) -> int | None:
    """The length that a storing command announces, where it is one."""
    size = _number(words[at]) if len(words) > at else None
    return None if size is None or size < 0 else size


def _flags(words: list[bytes], known: bytes) -> dict[bytes, int] | None:
    """Flags of a meta command with their numbers, or None where one of them is not known."""
    flags: dict[bytes, int] = {}
    for word in words:
        name, number = word[:1], 0
        if name not in known:
            return None
        if name in b"NRTFC":
            given = _number(word[1:])
            if given is None:
                return None
            number = given
        flags[name] = number
    return flags


def _echo(key: bytes, words: list[bytes]) -> bytes:
    """What a reply repeats of its command."""
    echo = b""
    for word in words:
        if word[:1] == b"k":
            echo += b" k" + key
        elif word[:1] == b"O":
            echo += b" " + word
    return echo
