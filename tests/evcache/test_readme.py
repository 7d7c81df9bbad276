"""The blocks of the README run as they stand."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "src" / "evcache" / "README.md"


def test_python_blocks_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, str(README), "exec"), {"__name__": "readme"})
    assert re.search(
        r"Item\(\{'name': 'Ana'\}, HIT, zone='b', ttl=3\d\d\d\)", capsys.readouterr().out
    )
