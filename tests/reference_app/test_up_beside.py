"""Verbs beside a running house: what they refuse, and how they tell who watches over it."""

from __future__ import annotations

import time

from reference_app.profiles import Plan
from reference_app.up import usable

from tests.reference_app.conftest import REFAPP, up_command
from tests.reference_app.test_up import refuse


def test_a_detached_run_is_not_ended_by_the_next_up(house):
    command = up_command(house.run, house.house_port, house.booth_port)
    assert command[0] == str(REFAPP)
    assert "is up already, since refapp up --detach: refapp down" in refuse(*command[1:])
    assert house.started("elb")


def test_status_says_that_nobody_watches(house):
    told = house.refapp("status")
    assert told.stdout.splitlines()[-1].startswith("refapp up --detach has left it running")


def test_an_odd_trace_is_answered_in_one_line(house):
    line = refuse("trace", "a b/c", "--run", str(house.run))
    assert "no such play is known to the booth" in line


def test_usable_means_that_house_and_booth_answer(house):
    plan = Plan(
        run=house.run, media=house.run, house_port=house.house_port, booth_port=house.booth_port,
        films=(), film_seconds=60,
    )  # fmt: skip
    for job in ("elb", "booth"):
        house.client.fault(house.started(job)[0].id, "KILL")
    steps = usable(plan, time.monotonic() + 60)
    assert [name for name, _, _ in steps][-1] == "served"
