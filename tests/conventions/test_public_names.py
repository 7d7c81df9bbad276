"""What a user may import is listed once, sorted, documented, and comes without side effects."""

import inspect
import re
import subprocess
import sys
import types

SIDE_EFFECTS = """
import logging, signal, sys, threading
def state():
    handlers = {name: signal.getsignal(name) for name in signal.valid_signals()}
    return threading.active_count(), handlers, list(logging.root.handlers), list(sys.path)
before = state()
import {name}
assert state() == before, "the import changed threads, signals, logging or sys.path"
"""


def kind(name):
    """Ruff's order of `__all__`: constants, then classes, then the rest."""
    return (not re.fullmatch(r"[A-Z][A-Z0-9_]*", name), not name[0].isupper(), name)


def test_all_is_there_and_sorted(library):
    names = library.module.__all__
    assert list(names) == sorted(names, key=kind), f"sort __all__ of {library.name}/__init__.py"
    assert len(set(names)) == len(names)


def test_every_public_name_can_be_imported_and_says_what_it_is(library):
    for name in library.module.__all__:
        thing = getattr(library.module, name)
        if not (inspect.isclass(thing) or inspect.isroutine(thing)):
            continue
        own = thing.__doc__ or ""
        # a dataclass without a docstring is given its signature as one
        assert own.strip(), f"{library.name}.{name} has no docstring"
        assert not own.startswith(f"{name}("), f"{library.name}.{name} has no docstring of its own"


def test_nothing_public_is_missing_from_all(library):
    module = library.module
    ours = {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and not isinstance(thing, types.ModuleType)
        # a constant has no module; what comes from elsewhere is not ours to publish
        and getattr(thing, "__module__", library.name).split(".")[0] == library.name
    }
    missing = ours - set(module.__all__) - {"TYPE_CHECKING"}
    assert not missing, f"list in __all__ or make private: {sorted(missing)}"


def test_the_import_prints_nothing_and_starts_nothing(library):
    program = SIDE_EFFECTS.replace("{name}", library.name)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
