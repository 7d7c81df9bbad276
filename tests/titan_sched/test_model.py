import math

import pytest
from titan_sched.model import MAX_NUMBER

from titan_sched import Batch, Constraints, InvalidJobError, Resources, Service, Task


@pytest.mark.parametrize("value", [-1, -0.001, math.nan, math.inf, -math.inf, "1", None, True])
def test_a_cpu_that_is_no_share_is_refused_with_its_path(value):
    with pytest.raises(InvalidJobError) as caught:
        Service("web", ["true"], cpu=value)
    assert caught.value.field == "container.resources.cpu"
    assert caught.value.value is value
    assert "from 0 to" in caught.value.allowed


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"memory": "-64M"}, "container.resources.memoryMB"),
        ({"memory": 0}, "container.resources.memoryMB"),
        ({"memory": 10**400}, "container.resources.memoryMB"),
        ({"memory": "lots"}, "container.resources.memoryMB"),
        ({"disk": "-1G"}, "container.resources.diskMB"),
        ({"ports": -1}, "container.resources.ports"),
        ({"ports": 1.5}, "container.resources.ports"),
        ({"count": 0}, "service.capacity.desired"),
        ({"count": 10_001}, "service.capacity.desired"),
        ({"spread": "rack"}, "spread"),
        ({"spread": "zone", "zone": "a"}, "container.hardConstraints.constraints.zoneBalance"),
        ({"zone": ""}, "container.hardConstraints.constraints.availabilityZone"),
        ({"env": {"A B": "1"}}, "container.env"),
        ({"env": {"A": 1}}, "container.env.A"),
        ({"env": {"A": "{port}"}}, "container.env.A"),
        ({"writable": ["data"]}, "container.writable[0]"),
        ({"cwd": "data"}, "container.cwd"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_path(options, field):
    with pytest.raises(InvalidJobError) as caught:
        Service("web", ["true"], **options)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "x" * 64, "ä", None])
def test_a_name_must_be_a_file_name_too(name):
    with pytest.raises(InvalidJobError, match="applicationName"):
        Service(name, ["true"])


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ([], "container.entryPoint"),
        ("true", "command"),
        (["true", 1], "container.entryPoint[1]"),
        ([""], "container.entryPoint[0]"),
        (["a", "b\0"], "container.entryPoint[1]"),
        (["a", "{port1}"], "container.entryPoint[1]"),
    ],
)
def test_a_command_is_a_list_of_words(command, field):
    with pytest.raises(InvalidJobError) as caught:
        Service("web", command, ports=1)
    assert caught.value.field == field


def test_batch_fields_are_checked_too():
    with pytest.raises(InvalidJobError, match=r"batch\.runtimeLimitSec"):
        Batch("b", ["true"], runtime_limit=-1)
    with pytest.raises(InvalidJobError, match=r"batch\.retryPolicy\.immediate\.retries"):
        Batch("b", ["true"], retries=-1)


def test_bounds_themselves_are_allowed():
    Resources(cpu=0, memory_mb=1, disk_mb=0, ports=0)
    Resources(cpu=MAX_NUMBER, memory_mb=MAX_NUMBER)
    Constraints(zone_balance=1)
    Service("x" * 63, ["true", "{other} {}"], count=10_000)


def test_the_address_of_a_task():
    task = Task(id="t", job="web", job_id="w", name="web-1", index=0)
    assert task.address is None
    assert Task.from_json({**task.to_json(), "host": "h"}).address == "h"
    placed = Task.from_json({**task.to_json(), "host": "h", "ports": [1, 2], "new": "field"})
    assert placed.address == "h:1"
    assert placed.ports == (1, 2)
