"""What a request to play must hold, and how it is refused."""

from __future__ import annotations

import pytest
from reference_app.apis.play import PlayApi, parse_ask
from reference_app.server import ApiError

GOOD = {"title": "quiet-orbit", "seat": "7-1"}
KEY = "5f0c7a52-1111-2222-3333-444455556666"


def test_device_home_and_rate_have_defaults():
    ask = parse_ask(GOOD, 7, KEY)
    assert (ask.device, ask.mbit, ask.account, ask.session) == ("tv", 25, 7, KEY)


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"device": "fridge"}, KEY, "device: 'fridge' is not allowed; expected"),
        ({"mbit": 3}, KEY, "mbit: 3 is not allowed; expected"),
        ({"home": "moon"}, KEY, "home: 'moon' is not allowed; expected"),
        ({"seat": 7}, KEY, "seat: 7 is not allowed; expected"),
        ({"title": None}, KEY, "title: None is not allowed; expected"),
        ({}, "", "Idempotency-Key: '' is not allowed; expected"),
        ({}, "a b", "Idempotency-Key: 'a b' is not allowed; expected"),
    ],
)
def test_a_bad_field_is_named_with_value_and_what_is_allowed(change, key, message):
    with pytest.raises(ApiError) as caught:
        parse_ask({**GOOD, **change}, 7, key)
    assert caught.value.status == 400
    assert caught.value.message.startswith(message)


class Streams:
    """Remembers what was given back."""

    def __init__(self) -> None:
        self.ended: list[tuple[int, str]] = []

    async def end(self, account: int, session: str) -> None:
        self.ended.append((account, session))


@pytest.mark.parametrize("created", [True, False])
async def test_only_who_took_a_stream_gives_it_back(created):
    """A repeat that fails must not end the play that goes on under its key."""
    api = PlayApi.__new__(PlayApi)
    api._streams = Streams()
    await api._give_back(parse_ask(GOOD, 7, KEY), {"created": created})
    assert api._streams.ended == ([(7, KEY)] if created else [])
