"""Where a node keeps its items."""
