"""Documented training outputs: each log held to its rerun, to exact arithmetic, and to the listing beside it."""
