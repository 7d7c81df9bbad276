"""Every `python` block in the readmes and the docs runs as it stands, and prints what is claimed.

A `text` block directly below a `python` block is its output, with `...` for what differs from run
to run. A block that would serve for ever (`gateway.run` under `__main__`) is only imported here;
its own test starts it.
"""

import ast
import doctest
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import ROOT

SECONDS = 20
PATTERNS = ("*.md", "src/*/*.md", "examples/*/*.md", "benchmarks/*.md", "docs/**/*.md")
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """One fenced block: the line of its fence, what stands behind the fence, and its text."""

    line: int
    info: str
    text: str
    end: int


def blocks(document):
    """The fenced blocks of a Markdown document."""
    found, fence, start, info, body = [], "", 0, "", []
    for number, line in enumerate(document.split("\n"), 1):
        opening = re.match(r" {0,3}(`{3,}|~{3,})\s*([^`]*)$", line)
        if not fence and opening:
            fence, start, info, body = opening[1], number, opening[2].strip(), []
        elif fence and opening and opening[1].startswith(fence) and not opening[2].strip():
            found.append(Block(start, info, "\n".join(body), number))
            fence = ""
        elif fence:
            body.append(line)
    assert not fence, f"the fence of line {start} is not closed"
    return found


def output_of(block, following, document):
    """The claimed output: a `text` block with only empty lines between, else None."""
    if following is None or following.info != "text":
        return None
    between = document.split("\n")[block.end : following.line - 1]
    return following.text if not any(line.strip() for line in between) else None


def documents():
    return sorted({path for pattern in PATTERNS for path in ROOT.glob(pattern)})


def python_blocks():
    for path in documents():
        document = path.read_text()
        found = blocks(document)
        for block, following in zip(found, [*found, None][1:], strict=True):
            if block.info.split(" ")[0] in ("python", "py", "python3", "pycon"):
                name = f"{path.relative_to(ROOT)}:{block.line}"
                yield pytest.param(block, output_of(block, following, document), id=name)


def serves_for_ever(code):
    """Whether the block ends by running a server under `if __name__ == "__main__":`."""
    return any(
        isinstance(node, ast.If)
        and ast.unparse(node.test) == "__name__ == '__main__'"
        and re.search(r"^gateway\.run\(", ast.unparse(node.body), re.MULTILINE)
        for node in ast.parse(code).body
    )


def run(code, folder):
    """Run a block in its own process and folder; returns exit code and both outputs."""
    path = folder / "block.py"
    path.write_text(code)
    command = [sys.executable, str(path)]
    if serves_for_ever(code):
        command[1:] = ["-c", f"import runpy; runpy.run_path({str(path)!r}, run_name='block')"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        err += f"\n(ended by the test after {SECONDS} s)"
    return process.returncode, out, err


@pytest.mark.parametrize(("block", "claimed"), list(python_blocks()))
def test_the_block_runs_as_it_stands(block, claimed, tmp_path):
    assert block.info == "python", f"```{block.info} would not be run: write ```python"
    code, out, err = run(block.text, tmp_path)
    assert code == 0, f"exit code {code}\n{out}{err}"
    if claimed is not None:
        same = doctest.OutputChecker().check_output(f"{claimed}\n", out, SAME)
        assert same, f"the document claims\n{claimed}\nand the block prints\n{out}"


def test_a_block_that_hangs_or_raises_is_a_failure(tmp_path, monkeypatch):
    assert run("1 / 0", tmp_path)[0] == 1
    monkeypatch.setitem(globals(), "SECONDS", 0.2)
    code, _, err = run("import threading; threading.Event().wait()", tmp_path)
    assert code == -signal.SIGKILL
    assert "ended by the test" in err


def test_a_serving_block_is_imported_only(tmp_path):
    serving = 'print(__name__)\nif __name__ == "__main__":\n    gateway.run(port=8080)\n'
    assert run(serving, tmp_path) == (0, "block\n", "")
    assert run('if __name__ == "__main__":\n    print("ran")\n', tmp_path)[1] == "ran\n"


def test_the_output_stands_directly_below():
    document = "```python\nprint(1)\n```\n\n```text\n1\n```\n"
    block, text = blocks(document)
    assert output_of(block, text, document) == "1"
    apart = document.replace("\n\n```text", "\nwords\n```text")
    assert output_of(*blocks(apart), apart) is None


LINES = st.text(st.characters(codec="ascii", exclude_characters="`~\n\r"), max_size=20)
BLOCKS = st.lists(
    st.tuples(st.sampled_from(["python", "text", "", "sh"]), st.lists(LINES, min_size=1)),
    max_size=5,
)


@given(BLOCKS, LINES)
def test_what_is_fenced_comes_back(written, prose):
    document = prose + "\n"
    for info, lines in written:
        document += f"```{info}\n" + "\n".join(lines) + f"\n```\n{prose}\n"
    assert [(b.info, b.text) for b in blocks(document)] == [(i, "\n".join(t)) for i, t in written]
