"""The server's codec: any segmentation, bounded, and clear about what it cannot do."""

import pytest
from evcache.dialect import BATCH, MAX_ITEM, MAX_LINE, Session
from evcache.stores.memory import MemoryStore
from hypothesis import given, settings
from hypothesis import strategies as st

COMMANDS = st.sampled_from(
    [
        b"ms k 5 k O1 F7 T9\r\na\r\nbc\r\n",
        b"ms j 0 k O2\r\n\r\n",
        b"mg k k O3 f t v\r\n",
        b"mg n k O4 N9 R5 c f t v\r\n",
        b"md k k O5\r\n",
        b"mn\r\n",
        b"me k\r\n",
        b"set k 1 0 3\r\nabc\r\n",
        b"set k 1 0 3 noreply\r\nabc\r\n",
        b"add j 1 0 1\r\nz\r\n",
        b"get k j n\r\n",
        b"gets k\r\n",
        b"delete k\r\n",
        b"touch k 5\r\n",
        b"version\r\n",
        b"bogus\r\n",
        b"\r\n",
        b"mg k y\r\n",
        b"ms k 9999999 T0\r\n" + bytes(9_999_999 + 2),
        b"set " + b"k" * 300 + b" 0 0 1\r\nx\r\n",
    ]
)


def session(store: MemoryStore | None = None) -> Session:
    if store is None:
        store = MemoryStore(2**20, lambda: 5.0)
    return Session(store, lambda: 5.0, lambda: 1e9)


@settings(max_examples=50, deadline=None)
@given(st.lists(COMMANDS, max_size=8), st.data())
def test_any_segmentation_gives_the_same_answers(
    commands: list[bytes], data: st.DataObject
) -> None:
    wire = b"".join(commands)
    whole = session().feed(wire)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    pieces = session()
    told = b""
    for start, stop in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        told += pieces.feed(wire[start:stop])
    assert told == whole


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_noise_is_answered_or_ends_the_connection(noise: bytes, piece: int) -> None:
    one = session()
    for start in range(0, len(noise), piece):
        if not one.closing:
            one.feed(noise[start : start + piece])


def test_a_line_without_end_closes() -> None:
    one = session()
    assert b"line too long" in one.feed(b"x" * MAX_LINE)
    assert one.closing


def test_a_block_of_a_wrong_length_closes() -> None:
    one = session()
    assert one.feed(b"ms k 3 O1\r\nabcdef\r\n") == b"CLIENT_ERROR bad data chunk\r\n"
    assert one.closing


def test_what_is_too_large_is_skipped_without_being_kept() -> None:
    one = session()
    size = MAX_ITEM + 1
    assert one.feed(b"ms k %d\r\n" % size) == b"SERVER_ERROR object too large for cache\r\n"
    for _ in range(0, size + 2, 1000):
        one.feed(b"x" * min(1000, one._swallow))
    assert one.feed(b"mn\r\n") == b"MN\r\n"
    assert one._have == 0


def test_many_large_answers_come_in_batches() -> None:
    one = session()
    one.feed(b"ms k 100000\r\n" + bytes(100_000) + b"\r\n")
    told = one.feed(b"mg k v\r\n" * 100)
    assert one.waiting
    assert len(told) < BATCH + 200_000
    while one.waiting:
        told += one.feed(b"")
    assert told.count(b"VA 100000") == 100


def test_one_get_of_very_many_is_refused() -> None:
    one = session()
    one.feed(b"ms k 1000000\r\n" + bytes(1_000_000) + b"\r\n")
    assert b"out of memory" in one.feed(b"get" + b" k" * 40 + b"\r\n")


@pytest.mark.parametrize("line", [b"ms k 1 MA", b"ms k 1 M", b"ms k 1 MX"])
def test_modes_that_it_does_not_know_are_refused(line: bytes) -> None:
    assert session().feed(line + b"\r\na\r\n") == b"CLIENT_ERROR invalid mode for ms\r\n"


def test_an_expiry_beyond_thirty_days_is_a_date() -> None:
    store = MemoryStore(2**20, lambda: 5.0)
    session(store).feed(b"ms k 1 T1000000060\r\na\r\nms j 1 T999999999\r\na\r\n")
    kept = store.get(b"k")
    assert kept is not None
    assert kept.expires == 65.0
    assert store.get(b"j") is None
