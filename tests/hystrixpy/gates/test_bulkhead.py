import hypothesis.strategies as st
from hypothesis import given, settings
from hystrixpy.gates.bulkhead import Bulkhead


@settings(max_examples=100, deadline=None)
@given(limit=st.integers(1, 5), steps=st.lists(st.booleans(), max_size=40))
def test_never_more_than_the_limit(limit: int, steps: list[bool]) -> None:
    bulkhead, inside = Bulkhead(limit), 0
    for enters in steps:
        if enters:
            admitted = bulkhead.admit()
            assert admitted is (inside < limit)
            inside += admitted
        elif inside:
            bulkhead.give(None)
            inside -= 1
        assert bulkhead.in_use == inside
