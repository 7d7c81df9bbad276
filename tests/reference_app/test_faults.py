"""Things are killed; members do not notice. Bounds here are only those after which a test hangs."""

from __future__ import annotations

from reference_app.member_client import ClientError
from reference_app.tour import Load

from tests.reference_app.conftest import until


def test_a_killed_play_api_is_replaced_and_no_request_fails(house):
    _, seat = house.member()
    victim = house.started("play-api")[0]
    load = Load(house.url, seat, "the-last-reel")
    load.start()
    until("some load", lambda: load.done >= 10)
    house.client.fault(victim.id, "KILL")

    def replaced() -> bool:
        alive = house.started("play-api")
        return len(alive) == 2 and victim.id not in [task.id for task in alive]

    until("a replacement", replaced)
    seen = load.done
    until("load on both", lambda: load.done >= seen + 40)
    done, failed = load.stop()
    assert done >= 50
    assert failed == 0, load.failures[:5]


def test_a_killed_appliance_is_passed_over_by_the_member(house):
    member, seat = house.member()
    film = member.play("the-last-reel", seat)
    film.segment(0)
    victim = film.served_by
    house.client.fault(victim, "KILL")
    assert len(film.segment(1)) > 1000
    assert film.served_by != victim
    until("the appliance's return", lambda: house.started(victim))


def test_a_lost_zone_is_survived_by_plays_and_by_the_cache(house):
    member, seat = house.member()
    path = f"/discovery/titles/quiet-orbit?seat={seat}"

    def from_the_cache() -> bool:
        told = member.request("GET", path)["workings"]["cache"]
        return told is not None and told["status"] in ("HIT", "STALE")

    until("the title in the cache", from_the_cache)
    assert house.refapp("kill", "zone-c").returncode == 0

    def running_in_c() -> list[str]:
        return [t.name for t in house.client.tasks() if t.zone == "c" and t.state == "Started"]

    def plays() -> bool:
        try:
            return bool(member.play("the-last-reel", seat).segment(0))
        except (ClientError, OSError):
            return False

    try:
        until("zone c to be missed", lambda: not running_in_c())
        until("a play without zone c", plays)
        # The first answer counts: a lost cache would be filled by it, and the second would hit.
        told = member.request("GET", path)["workings"]["cache"]
        assert (told["status"], told["zone"]) in [
            (status, zone) for status in ("HIT", "STALE") for zone in ("a", "b")
        ]
    finally:
        assert house.refapp("restore", "zone-c").returncode == 0
    until("zone c again", running_in_c)
