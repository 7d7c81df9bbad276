"""Titles: the catalogue, the choice of files for a device, and the artwork."""
