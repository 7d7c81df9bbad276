"""The decisions are numbered without gaps, short, of one shape, and all in the index."""

import re

import pytest

from tests.engines import ROOT

FOLDER = ROOT / "docs" / "decisions"
DECISIONS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def test_numbers_have_no_gap_and_the_index_names_each():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    listed = re.findall(r"\((\d{4}-[^)]+\.md)\)", (FOLDER / "README.md").read_text())
    assert listed == [path.name for path in DECISIONS]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_it_has_context_choice_and_price(path):
    text = path.read_text()
    assert re.match(rf"# 0*{int(path.name[:4])}\b", text), "the title begins with the number"
    parts = re.findall(r"(?im)^(?:\*\*|#+ )(context|choice|price)\b", text)
    assert [part.lower() for part in parts] == ["context", "choice", "price"]
    assert len(text.splitlines()) <= 60, "half a page"
