"""The leases of streams against a model that is nothing but a dict."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.services.members.store import SEED, SEED_PASSWORD, MemberStore, ReusedError

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def store(tmp_path):
    store = MemberStore(tmp_path / "members.db", CHEAP)
    yield store
    store.close()


def test_the_seeded_members_can_sign_in_and_nobody_else(store):
    member = store.authenticate(" Ana@Halation.test ", SEED_PASSWORD)
    assert member is not None
    assert (member["id"], member["name"]) == (7, "Ana")
    assert [seat["id"] for seat in member["seats"]] == ["7-1", "7-2", "7-3"]
    assert store.authenticate("ana@halation.test", "wrong") is None
    assert store.authenticate("nobody@halation.test", SEED_PASSWORD) is None


def test_seeding_happens_once(tmp_path):
    first = MemberStore(tmp_path / "members.db", CHEAP)
    first.close()
    second = MemberStore(tmp_path / "members.db", CHEAP)
    assert second.member(SEED[0][0]) is not None
    assert second.member(999) is None
    second.close()


def test_the_same_session_is_one_lease(store):
    first = store.lease(9, "9-1/tv", "s1", "t", now=0, ttl=60)
    again = store.lease(9, "9-1/tv", "s1", "t", now=1, ttl=60)
    assert (first.allowed, first.created, again.allowed, again.created) == (True, True, True, False)
    assert again.active == 1


def test_a_session_is_not_used_for_something_else(store):
    store.lease(9, "9-1/tv", "s1", "t", now=0, ttl=60)
    with pytest.raises(ReusedError, match="session s1 was 't' and is now 'u'"):
        store.lease(9, "9-1/tv", "s1", "u", now=1, ttl=60)


def test_the_session_of_another_account_is_another_session(store):
    assert store.lease(9, "9-1/tv", "same", "t", now=0, ttl=60).created
    assert store.lease(8, "8-1/tv", "same", "u", now=0, ttl=60).created
    assert not store.lease(9, "9-1/tv", "same", "t", now=1, ttl=60).created
    assert store.release(8, "same")
    assert not store.lease(9, "9-1/phone", "other", "t", now=2, ttl=60).allowed


def test_the_first_answer_is_everybodys_and_lasts_as_long_as_it_says(store):
    store.lease(9, "9-1/tv", "s1", "t", now=0, ttl=60)
    assert store.keep(9, "s1", {"urls": 1}, until=500) == {"urls": 1}
    assert store.keep(9, "s1", {"urls": 2}, until=900) == {"urls": 1}
    assert store.lease(9, "9-1/tv", "s1", "t", now=499, ttl=60).answer == {"urls": 1}
    late = store.lease(9, "9-1/tv", "s1", "t", now=500, ttl=60)
    assert (late.created, late.answer) == (True, None)


def test_an_answer_without_a_stream_is_given_and_not_kept(store):
    assert store.keep(9, "gone", {"urls": 1}, until=500) == {"urls": 1}
    assert store.lease(9, "9-1/tv", "gone", "t", now=0, ttl=60).answer is None


def test_a_plan_of_one_screen_refuses_the_second_until_the_first_ends(store):
    assert store.lease(9, "9-1/tv", "s1", "t", now=0, ttl=60).allowed
    refused = store.lease(9, "9-1/phone", "s2", "t", now=1, ttl=60)
    assert (refused.allowed, refused.active, refused.limit) == (False, 1, 1)
    assert store.release(9, "s1")
    assert not store.release(9, "s1")
    assert store.lease(9, "9-1/phone", "s2", "t", now=2, ttl=60).allowed


def test_a_device_that_starts_another_film_gives_up_its_former_stream(store):
    assert store.lease(9, "9-1/tv", "s1", "t", now=0, ttl=60).allowed
    other = store.lease(9, "9-1/tv", "s2", "u", now=1, ttl=60)
    assert (other.allowed, other.created, other.active) == (True, True, 1)


asks = st.tuples(
    st.sampled_from([8, 9]),
    st.sampled_from(["tv", "phone", "console"]),
    st.integers(0, 5).map("s{}".format),
    st.integers(0, 40),
)


@settings(max_examples=60, deadline=None)
@given(history=st.lists(st.one_of(asks, st.integers(0, 5).map("s{}".format)), max_size=25))
def test_any_history_of_leases_equals_the_model(tmp_path_factory, history):
    store = MemberStore(tmp_path_factory.mktemp("members") / "m.db", CHEAP)
    limits = {8: 2, 9: 1}
    held: dict[tuple[int, str], tuple[str, int]] = {}
    now = 0
    for step in history:
        if isinstance(step, str):
            for account in limits:
                store.release(account, step)
            held = {key: lease for key, lease in held.items() if lease[0] != step}
            continue
        account, place, session, pause = step
        now += pause
        held = {key: lease for key, lease in held.items() if lease[1] > now}
        answer = store.lease(account, place, session, "t", now=now, ttl=60)
        mine = {key: lease for key, lease in held.items() if key[0] == account}
        known = any(lease[0] == session for lease in mine.values())
        others = [key for key in mine if key[1] != place]
        expected = known or len(others) < limits[account]
        assert answer.allowed is expected
        if expected and not known:
            held[account, place] = (session, now + 60)
        streams = [key for key in held if key[0] == account]
        assert len(streams) <= limits[account]
    store.close()
