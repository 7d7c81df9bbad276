"""Halation, a small cinema: the reference application of the four libraries."""
