"""Filters that every gateway runs, one a file."""
