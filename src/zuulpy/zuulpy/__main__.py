"""`python -m zuulpy` is the command `zuulpy`."""

import sys

from zuulpy.cli import main

sys.exit(main())
