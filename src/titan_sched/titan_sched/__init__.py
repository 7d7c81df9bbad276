"""A container scheduler that answers why a task is pending: jobs, constraints, placement, agents and runtimes."""
