"""The ring against a slow independent model, and fixed points that must never move."""

import hashlib

from evcache.ring import Ring
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ["cache-a1/10.0.0.1", "cache-a2/10.0.0.2", "cache-a3/10.0.0.3"]


def brute_force(names: list[str], key: bytes) -> int:
    """Every point in the order of its node; the nearest at or after the key, else the lowest."""
    points = []
    for index, name in enumerate(names):
        for i in range(40):
            digest = hashlib.md5(f"{name}:11211-{i}".encode()).digest()
            points += [
                (int.from_bytes(digest[n * 4 : n * 4 + 4], "little"), index) for n in range(4)
            ]
    place = int.from_bytes(hashlib.md5(key).digest()[:4], "little")
    after = [point for point in points if point[0] >= place]
    value = min(after or points)[0]
    # Where two nodes share a point the later one has it, as in Java's TreeMap.
    return [index for point, index in points if point == value][-1]


def test_points_are_md5_words_in_little_endian() -> None:
    # printf 'cache-a1/10.0.0.1:11211-0' | md5sum -> 7d6dabeb591e187727c1b75a583a3d94
    ring = Ring(NAMES)
    for point in (0xEBAB6D7D, 0x77181E59, 0x5AB7C127, 0x943D3A58):
        assert ring._owners[ring._points.index(point)] == 0
    assert len(ring._points) == 160 * len(NAMES)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([f"n{i}/10.0.0.{i}" for i in range(9)]), min_size=1, unique=True),
    st.binary(),
)
def test_the_owner_is_that_of_the_model(names: list[str], key: bytes) -> None:
    assert Ring(names)(key) == brute_force(names, key)


def test_past_the_last_point_it_wraps() -> None:
    ring = Ring(NAMES)
    ring._points[:] = [5, 6, 7]
    ring._owners[:] = [2, 1, 0]
    assert ring(b"any") == 2


def test_a_node_that_leaves_moves_only_its_own_keys() -> None:
    keys = [b"key-%d" % n for n in range(2000)]
    before, after = Ring(NAMES), Ring(NAMES[:2])
    for key in keys:
        if before(key) != 2:
            assert after(key) == before(key)


def test_nodes_share_keys_evenly() -> None:
    ring = Ring(NAMES)
    owned = [0, 0, 0]
    for n in range(9000):
        owned[ring(b"key-%d" % n)] += 1
    assert min(owned) > 2000
