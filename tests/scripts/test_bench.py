"""The table of ratios, and one real run of two tiny benchmarks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import load_script

bench = load_script("bench")


def measured(group, name, best, **notes):
    return bench.Measured(group=group, name=name, best=best, notes=notes)


def test_each_reference_is_a_column_and_the_rest_is_sorted_by_time():
    rows = [
        measured("get", "test_reference_pymemcache", 50e-6),
        measured("get", "test_slow_get", 100e-6, hits=3),
        measured("get", "test_fast_get", 25e-6),
        measured("get", "test_reference_bare_call", 100e-9),
    ]
    assert bench.show(rows).splitlines() == [
        "get",
        "               minimum   / pymemcache   / bare call",
        "  bare call     100 ns        0.002 x           1 x",
        "  pymemcache     50 us            1 x         500 x",
        "  fast get       25 us          0.5 x         250 x",
        "  slow get      100 us            2 x       1,000 x   hits 3",
    ]


def test_a_group_without_a_reference_says_so():
    assert "no reference workload" in bench.show([measured("alone", "test_a", 1.0)])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.5, "2.5 s"),
        (0.0125, "12.5 ms"),
        (3.14159e-6, "3.14 us"),
        (5e-10, "0.5 ns"),
        (0.9998e-6, "1,000 ns"),
    ],
)
def test_times_carry_the_unit_that_suits_them(seconds, text):
    assert bench.human(seconds) == text


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(1e-9, 10)), min_size=1, max_size=8))
def test_every_benchmark_appears_once_in_its_own_group(rows):
    everything = [measured(group, f"test_{i}", best) for i, (group, best) in enumerate(rows)]
    blocks = bench.show(everything).split("\n\n")
    assert len(blocks) == len({group for group, _ in rows})
    for block in blocks:
        head, _, *lines = block.splitlines()
        mine = [row for row in everything if row.group == head.split()[0]]
        assert sorted(line.split()[0] for line in lines) == sorted(row.label for row in mine)


def test_a_benchmark_without_a_group_belongs_to_its_file():
    row = {"group": None, "fullname": "benchmarks/x/bench_get.py::test_a", "name": "test_a"}
    text = json.dumps({"benchmarks": [row | {"stats": {"min": 1.0}}]})
    assert [one.group for one in bench.parse(text)] == ["bench_get"]


def test_a_real_run_prints_the_ratio(tmp_path, capfd):
    (tmp_path / "bench_sum.py").write_text(
        "import pytest\n"
        "@pytest.mark.benchmark(group='sum')\n"
        "def test_reference_ten(benchmark):\n    benchmark.pedantic(sum, ([1] * 9,), rounds=3)\n"
        "@pytest.mark.benchmark(group='sum')\n"
        "def test_thousand(benchmark):\n    benchmark.pedantic(sum, args=([1] * 1000,), rounds=3)\n"
    )
    assert bench.run(tmp_path) == 0
    out = capfd.readouterr().out
    assert "sum\n" in out
    assert "/ ten" in out


def test_benchmarks_that_raise_or_are_not_there_do_not_look_like_a_success(tmp_path, capfd):
    assert bench.run(tmp_path) == 1
    assert "there is no bench_*.py below" in capfd.readouterr().err
    (tmp_path / "bench_bad.py").write_text("def test_a(benchmark):\n    benchmark(lambda: 1 / 0)\n")
    assert bench.run(tmp_path) == 1


def test_benchmarks_that_are_all_skipped_are_no_failure(tmp_path, capfd):
    skipping = "import pytest\ndef test_a(benchmark):\n    pytest.skip('no memcached')\n"
    (tmp_path / "bench_skip.py").write_text(skipping)
    assert bench.run(tmp_path) == 0
    assert "1 skipped" in capfd.readouterr().out
