import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from titan_sched.agent.ports import FIRST, LAST, PortPool


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 5), max_size=8))
def test_no_port_is_given_twice_until_it_is_given_back(seed, counts):
    pool, held = PortPool("127.0.0.1", seed), []
    for count in counts:
        ports = pool.take(count)
        assert len(ports) == count
        assert all(FIRST <= port < LAST for port in ports)
        assert not set(ports) & {port for other in held for port in other}
        held.append(ports)
        if len(held) > 3:
            pool.give_back(held.pop(0))


def test_a_port_that_somebody_listens_on_is_passed_over():
    (port,) = PortPool("127.0.0.1", 77).take(1)
    with socket.create_server(("127.0.0.1", port)):
        assert PortPool("127.0.0.1", port - FIRST).take(1) != [port]


def test_ports_of_found_tasks_are_held():
    (port,) = PortPool("127.0.0.1", 5).take(1)
    pool = PortPool("127.0.0.1", port - FIRST)
    pool.hold([port])
    assert pool.take(1) != [port]


def test_more_than_there_are_is_an_error_and_takes_none():
    pool = PortPool("127.0.0.1", 0)
    with pytest.raises(OSError, match="free ports"):
        pool.take(LAST - FIRST + 1)
    assert len(pool.take(1)) == 1
