import pytest
from reference_app.booth.errors import RefusedError
from reference_app.booth.guard import (
    COOKIE,
    check_cookie,
    check_peer,
    check_site,
    check_token,
    session_cookie,
)
from starlette.datastructures import Headers

ALLOWED = ["127.0.0.1:7701", "localhost"]


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in pairs])


@pytest.mark.parametrize(
    "pairs",
    [
        [("host", "127.0.0.1:7701")],
        [("host", "LOCALHOST:99")],
        [("host", "localhost")],
        [("host", "127.0.0.1:7701"), ("origin", "http://127.0.0.1:7701")],
        [("host", "127.0.0.1:7701"), ("sec-fetch-site", "same-origin")],
        [("host", "127.0.0.1:7701"), ("sec-fetch-site", "none")],
    ],
)
def test_the_own_page_and_programs_pass(pairs: list[tuple[str, str]]) -> None:
    check_site(headers(*pairs), "/booth/break", ALLOWED)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("host", "127.0.0.1:7700")],
        [("host", "evil.test:7701")],
        [("host", "127.0.0.1")],
        [("host", "127.0.0.1:7701"), ("host", "evil.test")],
        [("host", "127.0.0.1:7701"), ("origin", "http://127.0.0.1:7700")],
        [("host", "127.0.0.1:7701"), ("origin", "null")],
        [("host", "127.0.0.1:7701"), ("origin", "http://localhost:7701")],
        [("host", "127.0.0.1:7701"), ("sec-fetch-site", "same-site")],
        [("host", "127.0.0.1:7701"), ("sec-fetch-site", "cross-site")],
    ],
)
def test_others_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(RefusedError) as caught:
        check_site(headers(*pairs), "/booth/break", ALLOWED)
    assert caught.value.status == 403
    assert caught.value.reason


def test_a_link_of_another_site_may_open_the_page() -> None:
    check_site(headers(("host", "localhost"), ("sec-fetch-site", "same-site")), "/plays/1", ALLOWED)


def test_only_the_token_opens_a_session() -> None:
    check_token("secret", "secret")
    for wrong in ("Secret", "", None, 7, ["secret"], "sécret"):
        with pytest.raises(RefusedError):
            check_token(wrong, "secret")


def test_the_cookie_is_made_from_the_token_and_does_not_show_it() -> None:
    value = session_cookie("secret")
    assert "secret" not in value
    assert value == session_cookie("secret") != session_cookie("other")
    check_cookie(headers(("cookie", f"a=b; {COOKIE}={value}")), "secret")


@pytest.mark.parametrize("odd", ['prefs={"a": 1}', "a b=c", "=x", "flag", f"{COOKIE}=stale", "é=é"])
def test_odd_cookies_of_others_do_not_hide_the_session(odd: str) -> None:
    session = f"{COOKIE}={session_cookie('secret')}"
    check_cookie(headers(("cookie", f"{odd}; {session}")), "secret")
    check_cookie(headers(("cookie", f"{session};{odd}")), "secret")
    check_cookie(headers(("cookie", odd), ("cookie", session)), "secret")


@pytest.mark.parametrize("cookie", [None, "", f"{COOKIE}=", f"{COOKIE}=x", "a;;=\x01; b", "é=é"])
def test_without_the_cookie_there_is_no_session(cookie: str | None) -> None:
    pairs = [] if cookie is None else [("cookie", cookie)]
    with pytest.raises(RefusedError) as caught:
        check_cookie(headers(*pairs), "secret")
    assert caught.value.status == 401


def test_peers_show_their_token() -> None:
    check_peer(headers(("x-peer", "p")), "p")
    for pairs in ([], [("x-peer", "q")]):
        with pytest.raises(RefusedError):
            check_peer(headers(*pairs), "p")
