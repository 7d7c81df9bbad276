"""Placement: pure functions of tasks and hosts. Only the control plane needs it, and numpy."""
