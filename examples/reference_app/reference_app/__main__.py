"""One process of the application, as the scheduler starts it.

`python -m reference_app SERVICE RUN MEDIA`: the run directory, and the folder of finished films.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .processes import PROCESSES
from .settings import Settings

if __name__ == "__main__":
    service, run, media = sys.argv[1:]
    PROCESSES[service](Settings.from_task(service, Path(run), Path(media)))
