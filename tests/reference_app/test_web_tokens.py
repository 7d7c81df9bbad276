"""The page has its colours, sizes and durations in one file, and its types from the records."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import sys
import types

import pytest
from reference_app.booth import records

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "examples/reference_app/web"
SOURCES = sorted(p for p in (WEB / "src").rglob("*") if p.suffix in {".css", ".ts", ".tsx"})
STYLES = [path for path in SOURCES if path.suffix == ".css" and path.name != "tokens.css"]
CODE = [path for path in SOURCES if path.suffix != ".css"]

COLOUR = re.compile(
    r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b"
    r"|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\("
    r"|(?<![-\w])(?:white|black|red|green|blue|orange|yellow|gr[ae]y|purple|pink)(?![-\w])"
)
MEASURE = re.compile(r"(?<![\w.#-])\d*\.?\d+(?:px|rem|em|pt|ms|s)(?![\w%])")
# A query cannot read a custom property; an em of the line is a relation, not a size.
QUERY = re.compile(r"@(?:media|container)[^{]*\{")
RELATIVE = re.compile(r"text-underline-offset: [\d.]+em")
BREAKPOINTS = {"480px", "768px", "1120px", "1440px"}


def _named(paths: list[pathlib.Path]) -> list[object]:
    return [pytest.param(path, id=path.relative_to(WEB / "src").as_posix()) for path in paths]


@pytest.mark.parametrize("path", _named(STYLES))
def test_a_style_sheet_has_no_value_of_its_own(path: pathlib.Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    for query in QUERY.findall(text):
        assert set(MEASURE.findall(query)) <= BREAKPOINTS
    rules = RELATIVE.sub("", QUERY.sub("{", text))
    assert COLOUR.findall(rules) == []
    assert MEASURE.findall(rules) == []
    # The glow is the only shadow.
    assert set(re.findall(r"(?<!-)box-shadow: ([^;}]+)", rules)) <= {"var(--glow)"}


@pytest.mark.parametrize("path", _named(CODE))
def test_code_has_no_colour_and_no_measure(path: pathlib.Path) -> None:
    text = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text(), flags=re.S | re.M)
    quoted = re.findall(r"\"[^\"\n]*\"|'[^'\n]*'", text)
    styled = [each for each in quoted if not re.search(r"[/?]|\s[a-z]+\s", each)]
    for value in styled:
        assert not re.fullmatch(r".*#[0-9a-fA-F]{3,8}\"?", value), value
        assert not re.search(r"\b(?:rgba?|hsla?|oklch)\(", value), value
        assert not MEASURE.fullmatch(value.strip("\"'")), value


def test_every_token_that_is_used_exists() -> None:
    known = set(re.findall(r"(--[\w-]+)\s*:", (WEB / "src/tokens.css").read_text()))
    local: set[str] = set()
    used: set[str] = set()
    for path in SOURCES:
        text = path.read_text()
        local |= set(re.findall(r"(--[\w-]+)\s*:", text)) | set(re.findall(r'"(--[\w-]+)"', text))
        used |= set(re.findall(r"var\((--[\w-]+)", text))
    assert used <= known | local


@pytest.fixture(scope="module")
def web_script() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("web_script", ROOT / "scripts/web.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_types_of_the_stream_are_those_of_the_records(web_script: types.ModuleType) -> None:
    assert web_script.RECORDS.read_text() == web_script.records(records)


def test_the_lock_names_no_host() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    hosts = set(re.findall(r"https?://([^/\"]+)", lock))
    # Where to give money to the authors: the only addresses npm writes.
    assert not {host for host in hosts if "registry" in host or "npmjs" in host}
