from typing import Any

import pytest
from hystrixpy.testing import FakeClock, isolated

import hystrixpy
from hystrixpy import ConfigError, State, command


@command
def outside() -> int:
    return 1


def names() -> list[str]:
    return [known.snapshot().name for known in hystrixpy.commands()]


def test_a_registry_of_its_own_and_the_old_one_back() -> None:
    outside()
    outside.circuit.force_open()
    with isolated(clock=FakeClock(5.0)):
        assert outside.circuit.state is State.CLOSED
        assert outside() == 1
        assert outside.snapshot().counts == {"SUCCESS": 1}

        @command
        def inside() -> int:
            return 2

        assert names()[-1].endswith("inside")
    assert outside.circuit.state is State.FORCED_OPEN
    assert outside.snapshot().counts == {"SUCCESS": 1}
    assert not any(name.endswith("inside") for name in names())
    assert inside() == 2  # what was built inside keeps what it had


def test_an_observer_ends_with_the_block() -> None:
    seen: list[hystrixpy.Event] = []
    with isolated():
        hystrixpy.instrument(seen.append)
        outside()
        with isolated():
            outside()
        outside()
    outside()
    assert [event.name.rpartition("_")[2] for event in seen] == ["started", "stopped"] * 2


def test_a_command_inside_may_have_the_name_of_one_outside() -> None:
    @command(name="test_registry.outside", timeout=7)
    def other() -> int:
        return 3

    assert other() == 3
    assert names().count("test_registry.outside") == 1
    assert outside.snapshot().counts == {}


def built(module: str, file: str, **settings: Any) -> Any:
    """`def get` of a `module`, as importing `file` makes it."""
    space: dict[str, Any] = {"__name__": module}
    exec(compile("def get(): return 1", file, "exec"), space)
    return command(**settings)(space["get"])


def test_a_module_imported_again_goes_on_with_its_circuit() -> None:
    built("shop.views", "shop/views.py")()
    again = built("shop.views", "shop/views.py")
    again()
    assert again.snapshot().counts == {"SUCCESS": 2}
    with pytest.raises(ConfigError, match="different settings"):
        built("shop.views", "shop/views.py", timeout=2)


def test_two_modules_of_one_name_do_not_share_a_circuit_unasked() -> None:
    built("shop.views", "shop/views.py")
    with pytest.raises(ConfigError, match=r"shop/views.py:1 and at home/views.py:1; .*name="):
        built("home.views", "home/views.py")
    with pytest.raises(ConfigError, match="different settings"):  # the group is the module
        built("home.views", "home/views.py", name="views.get")
    assert built("home.views", "home/views.py", name="home.get")() == 1


def test_commands_appear_at_once() -> None:
    @command(name="fresh")
    def fresh() -> None: ...

    assert "fresh" in names()
    assert fresh in hystrixpy.commands()
