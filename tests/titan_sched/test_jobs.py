import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from titan_sched.jobs import from_json, parse_mib, to_json

from titan_sched import (
    Batch,
    BatchJob,
    Constraints,
    Container,
    InvalidJobError,
    JobDescriptor,
    Resources,
    Service,
    ServiceJob,
)

words = st.text(st.characters(exclude_characters="\0{}", exclude_categories=["Cs"]), min_size=1)
numbers = st.integers(0, 10**9)
zones = st.sampled_from("abc")
constraints = st.builds(
    Constraints, unique_host=st.booleans(), availability_zone=zones
) | st.builds(Constraints, unique_host=st.booleans(), zone_balance=st.none() | st.integers(1, 9))
descriptors = st.builds(
    JobDescriptor,
    application_name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True),
    container=st.builds(
        Container,
        entry_point=st.lists(words, min_size=1).map(tuple),
        resources=st.builds(
            Resources,
            cpu=st.floats(0, 10**9),
            memory_mb=st.integers(1, 10**9),
            disk_mb=numbers,
            ports=numbers,
        ),
        env=st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), words),
        constraints=constraints,
        writable=st.lists(words.map("/".__add__)).map(tuple),
        cwd=st.none() | words.map("/".__add__),
    ),
    kind=st.builds(ServiceJob, desired=st.integers(1, 10_000))
    | st.builds(
        BatchJob,
        size=st.integers(1, 10_000),
        runtime_limit=st.none() | st.floats(0, 1e9),
        retries=numbers,
    ),
)


@settings(max_examples=50)
@given(descriptors)
def test_json_and_back_is_the_same_job(job):
    assert from_json(json.loads(json.dumps(to_json(job)))) == job


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PATHS = [
    ("applicationName",),
    ("container",),
    ("container", "resources"),
    ("container", "resources", "cpu"),
    ("container", "resources", "memoryMB"),
    ("container", "entryPoint"),
    ("container", "env"),
    ("container", "hardConstraints"),
    ("container", "hardConstraints", "constraints"),
    ("container", "hardConstraints", "constraints", "uniqueHost"),
    ("container", "hardConstraints", "constraints", "zoneBalance"),
    ("container", "hardConstraints", "constraints", "availabilityZone"),
    ("container", "writable"),
    ("container", "cwd"),
    ("service",),
    ("service", "capacity"),
    ("service", "capacity", "desired"),
]


@settings(max_examples=120)
@given(st.sampled_from(PATHS), anything)
def test_whatever_stands_in_a_field_it_is_a_job_or_refused_by_name(path, value):
    body = to_json(Service("web", ["true"], spread="host", zone="a").descriptor())
    place = body
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    # Any other exception would be an answer 500.
    with contextlib.suppress(InvalidJobError):
        from_json(body)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"container": {"image": "x"}}, "container.image"),
        ({"container": {"resources": {"gpu": 1}}}, "container.resources.gpu"),
        ({"service": {"capacity": {"max": 1}}}, "service.capacity.max"),
        ({"batch": {}}, "service"),
        ({"container": []}, "container"),
    ],
)
def test_a_field_that_is_unknown_is_refused(change, field):
    body = to_json(Service("web", ["true"]).descriptor())
    with pytest.raises(InvalidJobError) as caught:
        from_json({**body, **change})
    assert caught.value.field == field


def test_the_json_of_a_short_form_is_titus():
    assert to_json(Batch("b", ["run"], count=2, zone="a", retries=1).descriptor()) == {
        "applicationName": "b",
        "container": {
            "resources": {"cpu": 0.1, "memoryMB": 64, "diskMB": 0, "ports": 0},
            "entryPoint": ["run"],
            "env": {},
            "hardConstraints": {"constraints": {"availabilityZone": "a"}},
            "writable": [],
            "cwd": None,
        },
        "batch": {
            "size": 2,
            "runtimeLimitSec": None,
            "retryPolicy": {"immediate": {"retries": 1}},
        },
    }


@pytest.mark.parametrize(
    ("text", "mib"),
    [("64M", 64), ("1.5G", 1536), ("2 GiB", 2048), ("1k", 1), ("1T", 1024**2), (7, 7)],
)
def test_sizes(text, mib):
    assert parse_mib("memory", text) == mib
