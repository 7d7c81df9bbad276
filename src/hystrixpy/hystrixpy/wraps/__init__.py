"""Wraps decide what is called besides the call itself: again, or something else."""
