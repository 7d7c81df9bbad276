"""Finding an ffmpeg that can make the films."""

import sys
from pathlib import Path

import pytest
from reference_app.media import FfmpegMissingError, find_ffmpeg


def test_one_that_can_is_found() -> None:
    path = find_ffmpeg()
    assert Path(path).is_file()
    assert find_ffmpeg((lambda: "/bin/true", lambda: None, lambda: path)) == path


def test_none_at_all_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(FfmpegMissingError) as caught:
        find_ffmpeg((lambda: None,))
    assert str(caught.value) == (
        "No ffmpeg with libx264 and drawtext (none was found). "
        "Install one: pip install imageio-ffmpeg, or apt-get install ffmpeg."
    )


def test_what_each_one_lacks_is_said(tmp_path: Path) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text(f"#!{sys.executable}\nprint(' V....D libx264  H.264')\n")
    poor.chmod(0o755)
    absent = str(tmp_path / "absent")
    with pytest.raises(FfmpegMissingError) as caught:
        find_ffmpeg((lambda: str(poor), lambda: absent))
    assert caught.value.tried[str(poor)] == "lacks aac"
    assert caught.value.tried[absent].startswith("does not run")
    assert "\n" not in str(caught.value)
