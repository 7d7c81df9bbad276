"""A member at the house, over HTTP, through every layer."""

from __future__ import annotations

import http.client
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from reference_app.member_client import ClientError, MemberClient

STEPS = ["asked", "allowed", "files chosen", "steered"]


def test_up_prints_the_five_steps_of_its_first_play(house):
    line = next(line for line in house.output.splitlines() if "from asked to served" in line)
    positions = [line.index(f"{name} ") for name in ["asked", "allowed", "files", "steered"]]
    assert positions == sorted(positions)
    assert line.rstrip().endswith(("(oca-a1)", "(oca-b2)", "(oca-c1)"))


def test_a_play_leads_to_three_signed_addresses_and_to_film(house):
    member, seat = house.member()
    film = member.play("the-last-reel", seat)
    assert [step["name"] for step in film.answer["steps"]] == STEPS
    assert len({url["host"] for url in film.answer["urls"]}) == 3
    assert len(film.segment(0)) > 1000
    assert film.served_by == film.answer["urls"][0]["host"]


def test_the_same_key_gets_the_same_answer(house):
    member, seat = house.member()
    session = str(uuid.uuid4())
    first = member.play("the-last-reel", seat, session=session).answer
    again = member.play("the-last-reel", seat, session=session).answer
    assert (first.pop("repeated"), again.pop("repeated")) == (False, True)
    assert first == again


def test_the_same_key_asked_twice_at_once_is_one_play(house):
    member, seat = house.member()

    def ask(session: str) -> dict[str, Any]:
        answer = member.play("the-last-reel", seat, session=session).answer
        answer.pop("repeated")
        return answer

    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            first, second = pool.map(ask, [str(uuid.uuid4())] * 2)
            assert first == second


def test_a_key_is_not_used_for_another_play(house):
    member, seat = house.member()
    session = str(uuid.uuid4())
    member.play("the-last-reel", seat, session=session)
    with pytest.raises(ClientError) as caught:
        member.play("quiet-orbit", seat, session=session)
    assert caught.value.status == 422
    assert b"key_reused" in caught.value.body


def test_a_play_that_does_not_begin_holds_no_screen(house):
    member, seat = house.member(2)
    with pytest.raises(ClientError) as caught:
        member.play("slow-thunder", seat, device="tv")
    assert caught.value.status == 409
    film = member.play("the-last-reel", seat, device="phone")
    member.request("POST", f"/play/{film.answer['session']}/stop")


def test_nobody_ends_the_stream_of_somebody_else(house):
    cleo, seat = house.member(2)
    film = cleo.play("the-last-reel", seat, device="tv")
    ana, _ = house.member()
    session = film.answer["session"]
    ana.request("POST", f"/play/{session}/stop")
    for path in (f"/play/{session}%3faccount=9%26z=/stop", "/play/a%20b/stop"):
        with pytest.raises(ClientError) as caught:
            ana.request("POST", path)
        assert caught.value.status in (400, 404)
    with pytest.raises(ClientError) as caught:
        cleo.play("the-last-reel", seat, device="phone")
    assert caught.value.status == 403
    cleo.request("POST", f"/play/{session}/stop")


@pytest.mark.parametrize("path", ["titles/a%20b", "titles/%E2%82%AC", "art/0/x%20y.svg"])
def test_what_can_be_no_id_is_not_found(house, path):
    member, seat = house.member()
    with pytest.raises(ClientError) as caught:
        member.request("GET", f"/discovery/{path}?seat={seat}")
    assert caught.value.status == 404


def test_a_picture_has_one_address_only(house):
    member, seat = house.member()
    card = member.request("GET", f"/discovery/rows/new?seat={seat}")["items"][0]
    with pytest.raises(ClientError) as caught:
        member.request("GET", card["poster"].replace("/art/", "/art/0"))
    assert caught.value.status == 404


def test_home_has_rows_with_workings_and_pictures(house):
    member, seat = house.member()
    home = member.request("GET", f"/discovery/home?seat={seat}")
    assert len(home["rows"]) >= 2
    for row in home["rows"]:
        told = member.request("GET", f"/discovery/rows/{row['id']}?seat={seat}")
        assert told["items"]
        assert len(told["workings"]["trace"]) == 32
    connection = http.client.HTTPConnection("127.0.0.1", house.house_port, timeout=5)
    connection.request("GET", home["billboard"]["poster"])
    response = connection.getresponse()
    assert response.status == 200
    assert response.headers["content-type"] == "image/svg+xml"
    assert "immutable" in response.headers["cache-control"]
    assert response.read().startswith(b"<svg")
    connection.close()


def test_a_second_reading_comes_from_the_cache(house):
    member, seat = house.member()
    member.request("GET", f"/discovery/titles/quiet-orbit?seat={seat}")
    told = member.request("GET", f"/discovery/titles/quiet-orbit?seat={seat}")["workings"]
    assert told["cache"]["status"] in ("HIT", "STALE")
    assert told["cache"]["zone"] in ("a", "b", "c")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/discovery/home?seat=7-1", None, 401, "signed_out"),
        ("POST", "/play", {"title": "quiet-orbit", "seat": "7-1"}, 401, "signed_out"),
        ("POST", "/discovery/session", {"email": "ana@halation.test", "password": "no"}, 401,
         "bad_credentials"),
        ("POST", "/discovery/session", {"email": 7}, 400, "bad_field"),
    ],
)  # fmt: skip
def test_a_stranger_is_told_what_is_wrong(house, method, path, body, status, code):
    with pytest.raises(ClientError) as caught:
        MemberClient(house.url).request(method, path, body)
    assert caught.value.status == status
    assert f'"code":"{code}"'.encode() in caught.value.body


def test_a_title_that_does_not_exist_is_no_failure_of_a_service(house):
    member, seat = house.member()
    with pytest.raises(ClientError) as caught:
        member.play("no-such-title", seat)
    assert caught.value.status == 404
    assert b"no-such-title" in caught.value.body


def test_a_service_answers_nobody_without_the_peers_token(house):
    address = house.started("members")[0].address
    with pytest.raises(ClientError) as caught:
        MemberClient(f"http://{address}").request("GET", "/members/7")
    assert caught.value.status == 403


def test_one_screen_means_one_screen(house):
    member, seat = house.member(2)
    first = member.play("the-last-reel", seat, device="tv")
    with pytest.raises(ClientError) as caught:
        member.play("the-last-reel", seat, device="phone")
    assert caught.value.status == 403
    assert b"too_many_streams" in caught.value.body
    member.request("POST", f"/play/{first.answer['session']}/stop")
    assert member.play("the-last-reel", seat, device="phone").answer["urls"]
