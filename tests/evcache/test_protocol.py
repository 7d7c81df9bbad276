"""The client's codec: any segmentation, and nothing but the answer to what was asked."""

from dataclasses import dataclass

import pytest
from evcache.errors import ProtocolError, RefusedError
from evcache.groups import Node, Place
from evcache.protocol import MAX_LINE, Parser, Slot
from hypothesis import given, settings
from hypothesis import strategies as st

from evcache import protocol

NODE = Node(Place("a", "n/10.0.0.1", "10.0.0.1", 11211))


def slot(key: bytes, opaque: int) -> Slot:
    return Slot(NODE, key, opaque, b"", 0.0)


def parser(*slots: Slot) -> Parser:
    made = Parser()
    made.pending.extend(slots)
    return made


def test_commands() -> None:
    assert protocol.get(b"k", 7) == b"mg k k O7 f t v\r\n"
    assert protocol.lease(b"k", 7, 10, 0) == b"mg k k O7 N10 c f t v\r\n"
    assert protocol.lease(b"k", 7, 10, 600) == b"mg k k O7 N10 R600 c f t v\r\n"
    assert protocol.touch(b"k", 7, 60) == b"mg k k O7 T60\r\n"
    assert protocol.delete(b"k", 7) == b"md k k O7\r\n"
    assert protocol.delete(b"k", 7, 9) == b"md k k O7 C9\r\n"
    assert protocol.store(b"k", 7, 2048, b"ab", 60, b" ME") == b"ms k 2 k O7 F2048 T60 ME\r\nab\r\n"


@dataclass
class Answer:
    key: bytes
    code: bytes
    value: bytes
    flags: int
    ttl: int

    def wire(self, opaque: int) -> bytes:
        if self.code != b"VA":
            return b"%b k%b O%d\r\n" % (self.code, self.key, opaque)
        head = b"VA %d k%b O%d f%d t%d\r\n" % (
            len(self.value),
            self.key,
            opaque,
            self.flags,
            self.ttl,
        )
        return head + self.value + b"\r\n"


KEYS = st.binary(min_size=1, max_size=5).filter(lambda k: not any(b <= 32 for b in k))
ANSWERS = st.builds(
    Answer,
    key=KEYS,
    code=st.sampled_from([b"VA", b"VA", b"HD", b"EN", b"NS", b"NF", b"EX"]),
    value=st.binary(max_size=40) | st.sampled_from([b"\r\n", b"EN\r\n", b"VA 3\r\n"]),
    flags=st.integers(0, 2**32 - 1),
    ttl=st.integers(-1, 100),
)


@settings(deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=8), st.data())
def test_any_segmentation_gives_the_same_replies(
    answers: list[Answer], data: st.DataObject
) -> None:
    wire = b"".join(answer.wire(n) for n, answer in enumerate(answers))
    slots = [slot(answer.key, n) for n, answer in enumerate(answers)]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=20)))
    made = parser(*slots)
    settled = []
    for start, stop in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        settled += made.feed(wire[start:stop])
    assert settled == slots
    for answer, one in zip(answers, slots, strict=True):
        assert one.reply is not None
        assert one.reply.code == answer.code
        if answer.code == b"VA":
            assert (one.reply.value, one.reply.flags) == (answer.value, answer.flags)
            assert one.reply.ttl == (None if answer.ttl == -1 else answer.ttl)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(1, 60))
def test_any_bytes_are_replies_or_an_error(noise: bytes, piece: int) -> None:
    """Nothing else is raised, and no slot is settled by what does not echo it."""
    one = slot(b"key-that-is-not-in-there", 123456789)
    made = parser(one)
    try:
        for start in range(0, len(noise), piece):
            made.feed(noise[start : start + piece])
    except ProtocolError:
        pass
    assert one.reply is None


@pytest.mark.parametrize(
    "wire",
    [
        b"VA 3 kj O1 f0\r\nabc\r\n",
        b"VA 3 kk O2 f0\r\nabc\r\n",
        b"VA 3 f0\r\nabc\r\n",
        b"EN\r\n",
        b"HD kk\r\n",
        b"VA 2 kk O1\r\nabc\r\n",
        b"VA -1 kk O1\r\n",
        b"VA x kk O1\r\n",
        b"VA\r\n",
        b"VA 999999999999 kk O1\r\n",
        b"VA 3 kk O1 fx\r\nabc\r\n",
        b"VA 3 kk O1 t-2\r\nabc\r\n",
        b"MN\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\r\n",
        b"x" * MAX_LINE,
    ],
)
def test_lies_are_protocol_errors(wire: bytes) -> None:
    one = slot(b"k", 1)
    with pytest.raises(ProtocolError):
        parser(one).feed(wire)
    assert not one.done


def test_a_reply_that_nobody_asked_for() -> None:
    with pytest.raises(ProtocolError, match="nobody asked"):
        Parser().feed(b"EN kk O1\r\n")


@pytest.mark.parametrize("line", [b"SERVER_ERROR out of memory", b"CLIENT_ERROR bad", b"ERROR"])
def test_an_error_line_settles_one_and_spoils_the_rest(line: bytes) -> None:
    first, second = slot(b"k", 1), slot(b"k", 2)
    made = parser(first, second)
    assert made.feed(line + b"\r\nEN kk O2\r\n") == [first]
    assert isinstance(first.error, RefusedError)
    assert first.error.answer == line.decode()
    assert made.spoiled
    assert not second.done


def test_lease_flags() -> None:
    one, two, three = slot(b"k", 1), slot(b"k", 2), slot(b"k", 3)
    made = parser(one, two, three)
    made.feed(
        b"VA 0 kk O1 c7 f0 t10 W\r\n\r\n"
        b"VA 0 kk O2 c7 f0 t9 Z\r\n\r\n"
        b"VA 1 kk O3 c8 f0 t9 X W\r\na\r\n"
    )
    assert one.reply is not None
    assert two.reply is not None
    assert three.reply is not None
    assert (one.reply.won, one.reply.hollow, one.reply.cas) == (True, True, 7)
    assert (two.reply.won, two.reply.leased, two.reply.hollow) == (False, True, True)
    assert (three.reply.stale, three.reply.won, three.reply.hollow) == (True, True, False)


def test_a_dripped_large_value_is_not_copied_again_and_again() -> None:
    value = b"x" * 200_000
    wire = b"VA 200000 kk O1\r\n" + value + b"\r\n"
    one = slot(b"k", 1)
    made = parser(one)
    for start in range(0, len(wire), 7):
        made.feed(wire[start : start + 7])
    assert one.reply is not None
    assert one.reply.value == value
