"""Gates say whether a call may be made: `admit(now)`, and learn what came of it. No I/O."""
