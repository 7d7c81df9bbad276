"""Signed segments: what is signed is what is read, and nothing else passes."""

import base64
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference_app.openconnect.errors import SignatureError
from reference_app.openconnect.signing import Claims, _mac, sign, verify

CLAIMS = Claims(
    account=7,
    device="tv",
    address="192.0.2.17",
    mbit=25,
    title="quiet-orbit",
    session="5f0c",
    traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
)
SEGMENT = sign("secret", CLAIMS, 1000.0, 720.0)

all_claims = st.builds(
    Claims,
    account=st.integers(),
    device=st.sampled_from(["tv", "phone"]),
    address=st.text(max_size=9),
    mbit=st.none() | st.integers(1, 100) | st.floats(0.1, 99),
    title=st.text(min_size=1, max_size=9),
    session=st.text(max_size=9),
    traceparent=st.none() | st.text(max_size=9),
)


def reason(
    segment: str, *, secret: str = "secret", title: str = "quiet-orbit", now: float = 1000
) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(secret, segment, title, now)
    return caught.value.reason


@settings(max_examples=100)
@given(all_claims, st.text(max_size=9), st.floats(0, 1e9), st.floats(1, 1e6))
def test_what_is_signed_is_read_until_it_expires(
    claims: Claims, secret: str, now: float, ttl: float
) -> None:
    segment = sign(secret, claims, now, ttl)
    assert "/" not in segment
    assert verify(secret, segment, claims.title, now + ttl * 0.99) == claims
    assert reason(segment, secret=secret, title=claims.title, now=now + ttl + 1) == "expired"
    assert reason(segment, secret=secret + "x", title=claims.title, now=now) == "forged"
    assert reason(segment, secret=secret, title=claims.title + "x", now=now) == "other_title"


@settings(max_examples=200)
@given(st.integers(0, len(SEGMENT) - 1), st.characters())
def test_no_change_of_one_character_passes(at: int, character: str) -> None:
    assume(SEGMENT[at] != character)
    assert reason(SEGMENT[:at] + character + SEGMENT[at + 1 :]) in ("forged", "malformed")


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_noise_is_refused(noise: str) -> None:
    assert reason(noise) in ("forged", "malformed")


def test_an_expiry_cannot_be_moved() -> None:
    _, packed, mac = SEGMENT.split(".")
    assert reason(f"9999999999.{packed}.{mac}") == "forged"


@pytest.mark.parametrize("packed", ["", "!!", "bm90IGpzb24", "W10", "eyJhIjoxfQ"])
def test_rightly_signed_nonsense_is_malformed(packed: str) -> None:
    signed = f"2000.{packed}"
    assert reason(f"{signed}.{_mac('secret', signed)}") == "malformed"


def test_an_expiry_that_is_no_number_is_malformed() -> None:
    signed = "soon." + SEGMENT.split(".")[1]
    assert reason(f"{signed}.{_mac('secret', signed)}") == "malformed"


@pytest.mark.parametrize(
    ("field", "value"),
    [("mbit", 0), ("mbit", -1), ("mbit", float("inf")), ("mbit", "5"), ("account", "7"),
     ("title", None), ("session", 3), ("traceparent", 3), ("device", None), ("address", None)],
)  # fmt: skip
def test_claims_are_checked(field: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=field):
        replace(CLAIMS, **{field: value})


def test_claims_can_be_read_by_the_holder() -> None:
    packed = SEGMENT.split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(packed + "==")) == asdict(CLAIMS)
