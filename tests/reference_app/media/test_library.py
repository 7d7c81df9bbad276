"""Finished films on disk."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_app.media import Manifest, ManifestError, Rendition, finished

renditions = st.builds(
    Rendition,
    height=st.integers(1, 4320),
    width=st.integers(1, 7680),
    kbps=st.integers(1, 20000),
    label=st.text(max_size=6),
    bandwidth=st.integers(1, 10**8),
)
manifests = st.builds(
    Manifest,
    id=st.text(max_size=9),
    name=st.text(max_size=9),
    seconds=st.floats(1, 1e5) | st.integers(1, 9999),
    bytes=st.integers(0, 2**40),
    recipe=st.text(max_size=12),
    renditions=st.lists(renditions, max_size=3).map(tuple),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(manifests)
def test_what_is_written_is_read(tmp_path: Path, manifest: Manifest) -> None:
    manifest.write(tmp_path)
    assert Manifest.read(tmp_path) == manifest


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"renditions": [{}]}', '{"renditions": 1}'])
def test_a_manifest_that_is_not_whole_is_said_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "title.json").write_text(text)
    with pytest.raises(ManifestError) as caught:
        Manifest.read(tmp_path)
    assert caught.value.path == tmp_path / "title.json"


def test_only_finished_films_count(tmp_path: Path) -> None:
    for name in ("quiet-orbit", "unfinished", ".making-x-1", "Not A Title"):
        (tmp_path / name).mkdir()
        if name != "unfinished":
            (tmp_path / name / "title.json").write_text("{}")
    (tmp_path / "progress.json").write_text("{}")
    assert finished(tmp_path) == {"quiet-orbit": tmp_path / "quiet-orbit"}


def test_a_folder_that_is_not_there_is_the_disks_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        finished(tmp_path / "absent")
