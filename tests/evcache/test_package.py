"""The package from outside: its names, and that a node loads nothing of the client."""

import subprocess
import sys

import pytest

import evcache


def loaded(code: str) -> set[str]:
    script = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_public_names() -> None:
    assert evcache.__all__ == sorted(evcache.__all__)
    for name in evcache.__all__:
        assert getattr(evcache, name).__name__ == name
    assert set(evcache.__all__) <= set(dir(evcache))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        evcache.nothing  # noqa: B018


def test_the_synchronous_client_needs_no_asyncio() -> None:
    assert "asyncio" not in loaded("from evcache import EVCache")


def test_a_node_loads_no_client() -> None:
    names = loaded("import evcache.moneta")
    ours = {name for name in names if name.startswith("evcache")}
    assert ours == {
        "evcache",
        "evcache.dialect",
        "evcache.moneta",
        "evcache.stores",
        "evcache.stores.memory",
    }
    assert "json" not in names
