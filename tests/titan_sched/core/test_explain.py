from titan_sched import Constraints, Host, Resources, TaskRequest, explain

GIB = 1024


def host(name, zone, cpu=4.0, memory=6.3 * GIB, jobs=None):
    free = (cpu, memory, 1000.0, 10.0)
    return Host(id=name, zone=zone, total=free, free=free, jobs=jobs or {})


HOSTS = [host("a1", "a"), host("b1", "b", memory=6.1 * GIB), host("c1", "c", cpu=1.0)]


def line(hosts=HOSTS, **options):
    rules = Constraints(**options.pop("rules", {}))
    ask = Resources(**options)
    return str(explain(TaskRequest(id="t", job="j", resources=ask, constraints=rules), hosts))


def test_one_resource_lacks():
    assert line(memory_mb=512 * GIB) == (
        "0 of 3 hosts fit. Nearest: a1 lacks 505.7 GiB of memory. Fits with <= 6.3 GiB."
    )


def test_two_resources_lack():
    assert line(memory_mb=7 * GIB, cpu=5.0) == (
        "0 of 3 hosts fit. Nearest: a1 lacks 1 cpu and 716.8 MiB of memory. "
        "Fits with <= 4 cpu and <= 6.3 GiB of memory."
    )


def test_the_nearest_is_measured_in_what_was_asked():
    hosts = [host("a1", "a", cpu=1.0), host("b1", "b", memory=900.0)]
    assert "Nearest: b1" in line(hosts, memory_mb=1000, cpu=2.0)


def test_a_constraint_removes_all():
    assert line(rules={"availability_zone": "d"}) == (
        "0 of 3 hosts fit. Removed by zone 3. Fits without zone."
    )
    used = [host("a1", "a", jobs={"j": 1})]
    assert line(used, rules={"unique_host": True}) == (
        "0 of 1 hosts fit. Removed by uniqueHost 1. Fits without uniqueHost."
    )


def test_a_constraint_removes_some_and_the_rest_is_full():
    assert line(memory_mb=7 * GIB, rules={"availability_zone": "b"}) == (
        "0 of 3 hosts fit. Removed by zone 2. "
        "Nearest: b1 lacks 921.6 MiB of memory. Fits with <= 6.1 GiB."
    )


def test_zone_balance_says_the_counts():
    hosts = [host("a1", "a", jobs={"j": 1}), host("b1", "b", cpu=0.0)]
    task = TaskRequest(id="t", job="j", constraints=Constraints(zone_balance=1))
    found = explain(task, hosts)
    assert [(gone.host, gone.constraint) for gone in found.removed] == [
        ("a1", "zoneBalance"),
        ("b1", "resources"),
    ]
    assert found.removed[0].detail == "zone a has 1, another 0"
    assert found.nearest is not None
    assert found.nearest.host == "b1"


def test_it_fits_and_nobody_is_there():
    assert line() == "3 of 3 hosts fit."
    assert line([]) == "0 of 0 hosts fit. No agent is connected."
    assert line(rules={"availability_zone": "d"}, memory_mb=512 * GIB).endswith("zone 3.")
