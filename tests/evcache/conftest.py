"""Real nodes for the tests: Moneta always, memcached where the machine has it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from evcache.testing import Zones, zones

from tests.engines import Engines

_serial = count(1)


@pytest.fixture(scope="session", params=["moneta", "memcached"])
def port(request: pytest.FixtureRequest, engines: Engines) -> Iterator[int]:
    """Port of one node of either kind. Tests share it: `prefix` keeps their keys apart."""
    if request.param == "moneta":
        with zones("a") as servers:
            yield int(servers["a"][0].rpartition(":")[2])
    else:
        yield engines.memcached().port


@pytest.fixture
def prefix() -> str:
    """What no other test has before its keys."""
    return f"t{next(_serial)}"


@pytest.fixture(scope="session")
def two() -> Iterator[Zones]:
    """Two zones that all tests share and nobody stops."""
    with zones("a", "b") as servers:
        yield servers


@pytest.fixture
def three() -> Iterator[Zones]:
    """Three zones that a test may stop and break."""
    with zones("a", "b", "c") as servers:
        yield servers


@pytest.fixture
def servers(port: int) -> dict[str, list[str]]:
    return {"a": [f"cache-a1/127.0.0.1:{port}"]}


@pytest.fixture(scope="session")
def values() -> list[Any]:
    """One value of each kind that can be cached."""
    return [
        *(
            "text",
            "",
            "é" * 500,
            b"",
            b"\r\nEN\r\n",
            bytes(100_000),
            0,
            7,
            -1,
            2**40,
            1.5,
            True,
            None,
        ),
        *([1, {"a": None}], {"b": [True]}, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
    ]
