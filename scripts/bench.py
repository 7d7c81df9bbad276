"""Run the benchmarks and print each time beside the reference workload of its group.

    python scripts/bench.py             every `benchmarks/<package>/bench_*.py`
    python scripts/bench.py evcache     one package

Ratios are of the minima: means differ twofold on a busy machine, minima by a few per cent. A test
whose name holds `reference` is a reference workload; a group may have several, each is a column.
No figure fails a run; a benchmark that raises does.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCHMARKS = ROOT / "benchmarks"
MARK = "reference"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One benchmark: its group, its best time in seconds, and what it noted beside."""

    group: str
    name: str
    best: float
    notes: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_reference(self) -> bool:
        """Whether others of the group are compared with this one."""
        return MARK in self.name

    @property
    def label(self) -> str:
        """The name as a person reads it: `test_reference_bare_call` is `bare call`."""
        return self.name.removeprefix("test_").replace(f"{MARK}_", "").replace("_", " ")


def parse(text: str) -> list[Measured]:
    """Read pytest-benchmark's JSON; a benchmark without a group belongs to its file's."""
    return [
        Measured(
            group=row["group"] or pathlib.Path(row["fullname"].split("::")[0]).stem,
            name=row["name"],
            best=row["stats"]["min"],
            notes=row.get("extra_info") or {},
        )
        for row in json.loads(text)["benchmarks"]
    ]


def digits(value: float) -> str:
    """Three significant digits, and never an exponent for what is large."""
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def human(seconds: float) -> str:
    """A time with the unit that suits it."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{digits(seconds * factor)} {unit}"
    return f"{digits(seconds * 1e9)} ns"


def ratio(value: float, reference: float) -> str:
    """How many times the reference; `-` where the reference took no measurable time."""
    return f"{digits(value / reference)} x" if reference else "-"


def table(rows: Sequence[Measured]) -> Iterator[str]:
    """The lines of one group: references first, then by time; one column a reference."""
    references = [row for row in rows if row.is_reference]
    ordered = sorted(rows, key=lambda row: (not row.is_reference, row.best))
    cells = [["", "minimum", *(f"/ {row.label}" for row in references)]]
    for row in ordered:
        notes = ", ".join(f"{key} {value}" for key, value in row.notes.items())
        times = [ratio(row.best, other.best) for other in references]
        cells.append([row.label, human(row.best), *times, *([notes] if notes else [])])
    widths = [max(len(line[i]) for line in cells) for i in range(2 + len(references))]
    yield rows[0].group + ("" if references else "   (no reference workload in this group)")
    for first, *others in cells:
        padded = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=False)]
        yield "   ".join(["  " + first.ljust(widths[0]), *padded, *others[len(padded) :]]).rstrip()


def show(measured: Sequence[Measured]) -> str:
    """All groups, in the order in which they ran."""
    groups: dict[str, list[Measured]] = {}
    for row in measured:
        groups.setdefault(row.group, []).append(row)
    return "\n\n".join("\n".join(table(rows)) for rows in groups.values())


def run(folder: pathlib.Path) -> int:
    """Run the benchmarks below a folder and print their tables; returns pytest's exit code."""
    if not any(folder.rglob("bench_*.py")):
        print(f"bench: there is no bench_*.py below {folder}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        results = pathlib.Path(scratch, "results.json")
        # Where every benchmark was skipped the plugin warns, and a warning would be an error.
        options = ["-q", "-W", "default::pytest_benchmark.logger.PytestBenchmarkWarning"]
        options += ["-o", "python_files=bench_*.py", "--benchmark-only", "--benchmark-quiet"]
        command = [sys.executable, "-m", "pytest", str(folder), *options]
        done = subprocess.run(
            [*command, "--benchmark-disable-gc", f"--benchmark-json={results}"],
            cwd=ROOT,
            check=False,
        )
        if results.exists() and results.stat().st_size:
            print(f"\n{show(parse(results.read_text()))}")
    return done.returncode


def main() -> int:
    """Command line: optionally one package."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    known = sorted(path.name for path in BENCHMARKS.iterdir() if path.is_dir())
    parser.add_argument("package", nargs="?", choices=known, help="only this one's benchmarks")
    package = parser.parse_args().package
    return run(BENCHMARKS / package if package else BENCHMARKS)


if __name__ == "__main__":
    raise SystemExit(main())
