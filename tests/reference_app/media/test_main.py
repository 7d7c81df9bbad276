"""The command that makes the films."""

import asyncio
import glob
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from reference_app.media import finished

COMMAND = [sys.executable, "-m", "reference_app.media"]


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env={**os.environ, **more}
    )


def test_the_chosen_films_are_made(tmp_path: Path) -> None:
    ran = run("--out", str(tmp_path), "--only", "quiet-orbit,glass-harbour", "--seconds", "2")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert sorted(finished(tmp_path)) == ["glass-harbour", "quiet-orbit"]
    assert json.loads((tmp_path / "progress.json").read_text())["percent"] == 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "no-such-film"], "--only: no title 'no-such-film'"),
        (["--seconds", "0"], "seconds must be at least 2, not 0"),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    ran = run("--out", str(tmp_path), *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr.splitlines()[-1]


def test_a_failure_is_one_line_and_kept_for_who_waits(tmp_path: Path) -> None:
    wrong = tmp_path / "quiet-orbit"
    (tmp_path / "bin").mkdir()
    wrong.write_text("a file where the film should be")
    (tmp_path / ".old").mkdir()
    ran = run("--out", str(wrong), "--only", "quiet-orbit", "--seconds", "2")
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1


def test_no_ffmpeg_is_kept_for_who_waits(tmp_path: Path) -> None:
    empty = tmp_path / "imageio_ffmpeg.py"
    empty.write_text("raise ImportError")
    out = tmp_path / "films"
    ran = run("--out", str(out), "--only", "quiet-orbit", PATH="", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 1
    assert ran.stderr.startswith("No ffmpeg with libx264 and drawtext")
    assert json.loads((out / "progress.json").read_text())["error"] == ran.stderr.strip()


async def test_a_signal_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    command = [*COMMAND, "--out", str(tmp_path), "--only", "quiet-orbit", "--seconds", "60"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        while not glob.glob(f"{tmp_path}/.making-*/*.m4s"):  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
    assert (process.returncode, said) == (130, b"")
    assert os.listdir(tmp_path) == ["progress.json"]
