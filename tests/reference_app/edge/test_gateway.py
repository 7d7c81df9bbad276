"""What a gateway lets through to the application APIs, and how long it waits for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_app.apis.calls import SIGN_IN_TIMEOUT
from reference_app.apis.session import COOKIE
from reference_app.edge.gateway import ROUTES, TIMEOUT, session_cookie, set_up

from zuulpy import Gateway

SESSION = f"{COOKIE}=head.body.sign"


@pytest.fixture
async def port(settings, start):
    gateway = Gateway(zone=settings.zone, name=settings.name)
    set_up(gateway, settings)
    return await start(gateway)


@pytest.mark.parametrize(
    "headers",
    [
        [SESSION],
        [f'prefs={{"a": 1}}; {SESSION}'],
        [f"{SESSION};a b=c"],
        [f"=x; flag; {COOKIE}_2=no;{SESSION} "],
        ["other=1", SESSION],
        [f"{SESSION}; {COOKIE}=of-a-wider-path"],
    ],
)
async def test_the_session_goes_on_and_no_other_cookie(port, service, ask, headers):
    api = await service("discovery-api")
    assert await ask(port, "/discovery/home", *(("cookie", header) for header in headers)) == 200
    assert api.told("cookie") == [SESSION]


@pytest.mark.parametrize("headers", [[], ["halation_booth=secret"], [f"{COOKIE}="], [COOKIE]])
async def test_without_a_session_no_cookie_goes_on(port, service, ask, headers):
    api = await service("play-api")
    assert await ask(port, "/play/x", *(("cookie", header) for header in headers)) == 200
    assert api.told("cookie") == [None]


async def test_services_are_told_who_asks_by_us_alone(port, service, ask, settings):
    api = await service("play-api")
    assert await ask(port, "/play/x", ("x-peer", "mine"), ("x-caller", "elb")) == 200
    assert api.told("x-peer") == [settings.secrets.peer]
    assert api.told("x-caller") == ["gateway-1"]


async def test_signing_in_has_the_time_that_a_password_takes(port, service, ask):
    api = await service("discovery-api")
    await ask(port, "/discovery/session", method="POST")
    await ask(port, "/discovery/home")
    signing, browsing = (int(left) / 1000 for left in api.told("x-deadline-ms"))
    assert SIGN_IN_TIMEOUT < signing <= ROUTES["/discovery/session"][1] < TIMEOUT
    assert browsing <= ROUTES["/discovery"][1] < TIMEOUT / 2


OTHERS = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters=";"))


@given(st.lists(OTHERS), st.lists(OTHERS), st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True))
def test_no_other_cookie_hides_the_session(before, after, token):
    others = [c for c in before if c.strip().partition("=")[0] != COOKIE]
    assert session_cookie([";".join((*others, f" {COOKIE}={token}", *after))]) == token
