"""The store against a model: a bound that holds, expiry, and the least recently used first."""

from evcache.stores.memory import OVERHEAD, MemoryStore
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

LIMIT = 4 * (OVERHEAD + 20)
KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])


class Against(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.store = MemoryStore(LIMIT, lambda: self.now)
        # Key, value, expiry; the one that leaves next first.
        self.model: list[tuple[bytes, bytes, float | None]] = []

    def take(self, key: bytes) -> tuple[bytes, bytes, float | None] | None:
        found = next((entry for entry in self.model if entry[0] == key), None)
        if found is not None:
            self.model.remove(found)
        return found

    @rule(key=KEYS, value=st.sampled_from([b"", b"v" * 20]), ttl=st.none() | st.integers(1, 5))
    def set(self, key: bytes, value: bytes, ttl: int | None) -> None:
        expires = None if ttl is None else self.now + ttl
        self.store.set(key, value, 0, expires)
        self.take(key)
        self.model.append((key, value, expires))
        while sum(len(k) + len(v) + OVERHEAD for k, v, _ in self.model) > LIMIT:
            self.model.pop(0)

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        item = self.store.get(key)
        entry = self.take(key)
        if entry is None or (entry[2] is not None and entry[2] <= self.now):
            assert item is None
        else:
            self.model.append(entry)
            assert item is not None
            assert item.value == entry[1]

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        assert self.store.delete(key) == (self.take(key) is not None)

    @rule(seconds=st.integers(1, 3))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def sizes_agree(self) -> None:
        assert self.store.size == sum(len(k) + len(v) + OVERHEAD for k, v, _ in self.model)
        assert self.store.size <= LIMIT
        assert len(self.store) == len(self.model)


TestAgainst = Against.TestCase
TestAgainst.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_one_item_over_the_bound_stays_alone() -> None:
    store = MemoryStore(1000, lambda: 0.0)
    store.set(b"a", b"", 0, None)
    store.set(b"b", bytes(5000), 0, None)
    assert len(store) == 1
    store.clear()
    assert store.size == 0


def test_what_was_read_last_leaves_last() -> None:
    store = MemoryStore(3 * (OVERHEAD + 2), lambda: 0.0)
    for key in (b"a", b"b", b"c"):
        store.set(key, b"v", 0, None)
    assert store.get(b"a") is not None
    store.set(b"d", b"v", 0, None)
    assert [key for key in (b"a", b"b", b"c", b"d") if store.get(key)] == [b"a", b"c", b"d"]
