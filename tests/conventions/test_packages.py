"""Each library is a whole distribution of its own: metadata, licence, readme, changelog, types."""

import importlib.metadata
import re

from tests.engines import ROOT


def test_metadata_is_whole(library):
    project = library.project
    assert project["name"].replace("-", "_") == library.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"]), "static, three numbers"
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]
    assert project["readme"] == "README.md"
    assert project["requires-python"] == ">=3.11"
    assert project["description"].endswith(".")
    assert "Typing :: Typed" in project["classifiers"]


def test_the_installed_version_is_this_one(library):
    name, wanted = library.project["name"], library.project["version"]
    assert importlib.metadata.version(name) == wanted, "run: make test (it installs anew)"


def test_types_are_published(library):
    assert (library.folder / library.name / "py.typed").is_file()


def test_licence_is_the_root_one(library):
    assert (library.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_changelog_has_its_head(library):
    assert (library.folder / "CHANGELOG.md").read_text().startswith("# Changelog\n")


def test_readme_names_the_package_and_how_to_install_it(library):
    text = (library.folder / "README.md").read_text()
    assert text.startswith(f"# {library.project['name']}\n")
    assert f"pip install ./src/{library.name}" in text, "the install line that works today"
    assert "```python" in text, "a block that runs as it stands"
