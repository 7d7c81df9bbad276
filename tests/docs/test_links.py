"""A link from one of our documents to a file of the repository leads somewhere."""

import re

import pytest

from tests.engines import ROOT

PATTERNS = ("*.md", "src/*/*.md", "examples/*/*.md", "benchmarks/*.md", "docs/**/*.md")
DOCUMENTS = sorted({path for pattern in PATTERNS for path in ROOT.glob(pattern)})
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path):
    targets = LINK.findall(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL))
    assert not [target for target in targets if not (path.parent / target).exists()]
