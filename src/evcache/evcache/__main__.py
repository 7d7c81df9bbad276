"""``python -m evcache``."""

import sys

from evcache.cli import main

sys.exit(main())
