"""``python -m titan_sched``: the command line, and the processes of a cluster."""

from titan_sched.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
