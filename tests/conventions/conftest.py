"""What the convention tests look at: the four libraries, and the files that git knows."""

import ast
import importlib
import pathlib
import pkgutil
import subprocess
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.engines import ROOT

IMPORTS = ("evcache", "hystrixpy", "titan_sched", "zuulpy")


@dataclass(frozen=True)
class Library:
    """One of the four: where its folder is, and how it is imported."""

    name: str

    @property
    def folder(self) -> pathlib.Path:
        return ROOT / "src" / self.name

    @property
    def module(self) -> types.ModuleType:
        return importlib.import_module(self.name)

    @property
    def project(self) -> dict[str, object]:
        return tomllib.loads((self.folder / "pyproject.toml").read_text())["project"]

    @property
    def sources(self) -> list[pathlib.Path]:
        return sorted((self.folder / self.name).rglob("*.py"))

    def modules(self) -> Iterator[types.ModuleType]:
        """Every module of the library; `__main__` modules only run."""
        yield self.module
        for found in pkgutil.walk_packages(self.module.__path__, f"{self.name}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


@pytest.fixture(params=IMPORTS)
def library(request: pytest.FixtureRequest) -> Library:
    """Each of the four libraries in turn."""
    return Library(request.param)


@pytest.fixture(scope="session")
def libraries() -> list[Library]:
    """The four libraries."""
    return [Library(name) for name in IMPORTS]


@pytest.fixture(scope="session")
def tracked() -> list[pathlib.Path]:
    """The files that git tracks and that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout, so nothing tells which files belong to it")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def imports() -> "Imports":
    """`imports(path)`: the top-level names that a file imports, wherever in it."""
    return Imports()


class Imports:
    """Reads the import statements of files."""

    def __call__(self, path: pathlib.Path) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").split(".")[0])
        return found
