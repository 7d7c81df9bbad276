"""Films of the demo: generated, never shipped."""
