"""`schedule_once` against a model that knows nothing of columns: it asks every host each time."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from titan_sched import Constraints, Host, Resources, TaskRequest, explain, schedule_once

amounts = st.integers(0, 8)


@st.composite
def hosts(draw):
    out = []
    for index in range(draw(st.integers(0, 7))):
        free = (draw(amounts) * 0.1, *map(float, (draw(amounts), draw(amounts), draw(amounts))))
        total = (0.8, 8.0, 8.0, 8.0)
        jobs = draw(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2)))
        zone = draw(st.sampled_from("abc"))
        out.append(Host(id=f"h{index}", zone=zone, total=total, free=free, jobs=jobs))
    return out


kinds = st.builds(
    Constraints, unique_host=st.booleans(), zone_balance=st.none() | st.integers(1, 2)
) | st.builds(Constraints, availability_zone=st.sampled_from("abcd"))
shapes = st.builds(
    lambda cpu, memory, disk, ports: Resources(
        cpu=cpu * 0.1, memory_mb=memory, disk_mb=disk, ports=ports
    ),
    st.integers(0, 3),
    st.integers(1, 3),
    st.integers(0, 1),
    st.integers(0, 1),
)


@st.composite
def tasks(draw):
    out = []
    for group in range(draw(st.integers(0, 5))):
        job, rules, ask = draw(st.sampled_from("wxyz")), draw(kinds), draw(shapes)
        for index in range(draw(st.integers(1, 4))):
            name = f"{job}-{group}-{index}"
            out.append(TaskRequest(id=name, job=job, resources=ask, constraints=rules))
    return draw(st.permutations(out))


class Model:
    """Free amounts and counts in plain dictionaries."""

    def __init__(self, hosts):
        self.hosts = {host.id: host for host in hosts}
        self.free = {host.id: list(host.free) for host in hosts}
        self.jobs = {host.id: Counter(host.jobs) for host in hosts}

    def takes(self, task, host_id):
        host, rules = self.hosts[host_id], task.constraints
        if any(a > f + 1e-9 for a, f in zip(task.vector, self.free[host_id], strict=True)):
            return False
        if rules.availability_zone not in (None, host.zone):
            return False
        if rules.unique_host and self.jobs[host_id][task.job]:
            return False
        zones = Counter({other.zone: 0 for other in self.hosts.values()})
        for other in self.hosts.values():
            zones[other.zone] += self.jobs[other.id][task.job]
        skew = rules.zone_balance
        return skew is None or zones[host.zone] + 1 - min(zones.values()) <= skew

    def put(self, task, host_id):
        self.free[host_id] = [f - a for a, f in zip(task.vector, self.free[host_id], strict=True)]
        self.jobs[host_id][task.job] += 1

    def as_hosts(self):
        return [
            Host(
                id=host.id,
                zone=host.zone,
                total=host.total,
                free=tuple(self.free[host.id]),
                jobs=self.jobs[host.id],
            )
            for host in self.hosts.values()
        ]


@settings(max_examples=100)
@given(hosts(), tasks())
def test_every_placement_is_allowed_and_every_failure_is_one(hosts, tasks):
    by_id = {task.id: task for task in tasks}
    result = schedule_once(tasks, hosts)
    model = Model(hosts)
    for task_id, host_id in result.placements.items():
        assert model.takes(by_id[task_id], host_id)
        model.put(by_id[task_id], host_id)
    assert all(left > -1e-6 for free in model.free.values() for left in free)
    failed = {failure.task for failure in result.failures}
    assert failed | result.placements.keys() == by_id.keys()
    assert not failed & result.placements.keys()
    for failure in result.failures:
        # Zone balance may open again for one job through another task shape of the same job.
        job = by_id[failure.task].job
        alike = {(task.vector, task.constraints) for task in tasks if task.job == job}
        if len(alike) == 1:
            assert not any(model.takes(by_id[failure.task], host) for host in model.hosts)
        if hosts:
            assert failure.hosts, "each failure says what removed the hosts"


@settings(max_examples=80)
@given(hosts(), tasks())
def test_explain_agrees_with_the_model(hosts, tasks):
    model = Model(hosts)
    for task in tasks[:3]:
        found = explain(task, model.as_hosts())
        assert set(found.fits) == {host for host in model.hosts if model.takes(task, host)}
        assert {gone.host for gone in found.removed} == model.hosts.keys() - set(found.fits)
        assert (found.nearest is None) or not found.fits
        assert str(found).startswith(f"{len(found.fits)} of {len(hosts)} hosts fit.")


def host(name, zone="a", cpu=4.0, memory=1000.0, jobs=None):
    total = (4.0, 1000.0, 0.0, 10.0)
    free = (cpu, memory, 0.0, 10.0)
    return Host(id=name, zone=zone, total=total, free=free, jobs=jobs or {})


def ask(name="t", job="j", cpu=1.0, memory=100, **rules):
    resources = Resources(cpu=cpu, memory_mb=memory)
    return TaskRequest(id=name, job=job, resources=resources, constraints=Constraints(**rules))


def test_hosts_in_use_come_first_and_ties_go_to_the_first():
    used = host("b", cpu=3.0, memory=900.0, jobs={"other": 1})
    assert schedule_once([ask()], [host("a"), used, host("c")]).placements == {"t": "b"}
    assert schedule_once([ask()], [host("a"), host("c")]).placements == {"t": "a"}


def test_a_host_whose_shares_stay_equal_is_preferred():
    lean = host("lean", cpu=2.0, memory=300.0, jobs={"x": 1})
    even = host("even", cpu=2.0, memory=500.0, jobs={"x": 1})
    assert schedule_once([ask(memory=250)], [lean, even]).placements == {"t": "even"}


def test_a_group_is_spread_over_zones():
    hosts = [host("a1"), host("a2"), host("b1", "b"), host("c1", "c")]
    wanted = [ask(f"t{index}", zone_balance=1) for index in range(6)]
    placed = schedule_once(wanted, hosts).placements
    zones = Counter(next(one.zone for one in hosts if one.id == on) for on in placed.values())
    assert zones == {"a": 2, "b": 2, "c": 2}


def test_failures_say_what_removed_the_hosts():
    hosts = [host("a1", jobs={"j": 1}), host("b1", "b", cpu=0.5)]
    (failure,) = schedule_once([ask(unique_host=True)], hosts).failures
    assert failure.hosts == {"uniqueHost": 1, "cpu": 1}
    (failure,) = schedule_once([ask(availability_zone="c", memory=2000)], hosts).failures
    assert failure.hosts == {"zone": 2, "cpu": 1, "memory": 2}


def test_nothing_to_place_and_nowhere_to_place():
    assert schedule_once([], [host("a")]).placements == {}
    (failure,) = schedule_once([ask()], []).failures
    assert (failure.task, failure.hosts) == ("t", {})
