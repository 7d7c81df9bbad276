"""Files and functions stay short, and every room has a name that says what is in it."""

import ast

import pytest

from tests.engines import ROOT

FILE_LINES = 400
FUNCTION_LINES = 40
ROOMS = ("src", "examples/reference_app/reference_app", "scripts", "tests", "benchmarks")
CODE = ROOMS[:3]
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def files(*rooms):
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def body_lines(function):
    """Lines from `def` to the end, less the docstring: what a reader has to hold in mind."""
    text = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    lines = function.end_lineno - function.lineno + 1
    return lines - (text.end_lineno - text.lineno + 1 if documented else 0)


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_is_long(room):
    counted = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in files(room)}
    long = {str(path): lines for path, lines in counted.items() if lines > FILE_LINES}
    assert not long, f"over {FILE_LINES} lines"


@pytest.mark.parametrize("room", CODE)
def test_no_function_is_long(room):
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": body_lines(node)
        for path in files(room)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and body_lines(node) > FUNCTION_LINES
    }
    assert not long, f"over {FUNCTION_LINES} lines without the docstring"


def test_no_room_is_a_drawer():
    named = [path for path in files(*ROOMS) if {path.stem, *path.parent.parts[-1:]} & DRAWERS]
    assert not named, "say what is in it"


def sleeps(tree):
    """Lines that call `time.sleep`, whatever it was imported as."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
        if alias.name == "sleep"
    } | {"time.sleep"}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if ast.unparse(call.func) in names]


def test_tests_wait_for_something_and_never_for_a_while():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files("tests")
        for line in sleeps(ast.parse(path.read_text()))
    ]
    assert not found, "wait for the thing itself"


def test_a_sleep_is_seen_under_another_name_and_not_in_a_string():
    assert sleeps(ast.parse("from time import sleep as rest\nrest(1)")) == [2]
    assert sleeps(ast.parse("import time\ntime.sleep(1)")) == [2]
    assert sleeps(ast.parse("run('time.sleep(1)')")) == []


def test_the_length_of_a_function_leaves_its_docstring_out():
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'
    assert body_lines(ast.parse(source).body[0]) == 2
