"""The four never import each other; the application joins them in one short file."""

import importlib.metadata
import re

from tests.engines import ROOT

APPLICATION = ROOT / "examples" / "reference_app" / "reference_app"


def test_no_library_imports_another_or_the_application(library, libraries, imports):
    others = {one.name for one in libraries} - {library.name} | {"reference_app"}
    for path in library.sources:
        assert not imports(path) & others, f"{path.relative_to(ROOT)} imports another of ours"


def test_no_library_names_another_in_its_metadata(library, libraries):
    needs = [*library.project.get("dependencies", ())]
    for extra in library.project.get("optional-dependencies", {}).values():
        needs += extra
    needs += importlib.metadata.requires(library.project["name"]) or []
    names = {re.split(r"[\s<>=!~;\[(]", need, maxsplit=1)[0].replace("_", "-") for need in needs}
    assert not names & {one.project["name"] for one in libraries}


def test_only_the_glue_joins_libraries(libraries, imports):
    ours = {one.name for one in libraries}
    for path in sorted(APPLICATION.rglob("*.py")):
        joined = imports(path) & ours
        if path != APPLICATION / "glue.py":
            assert len(joined) < 2, (
                f"{path.relative_to(ROOT)} imports {sorted(joined)}: use glue.py"
            )


def test_the_glue_is_short():
    glue = APPLICATION / "glue.py"
    assert len(glue.read_text().splitlines()) < 150
