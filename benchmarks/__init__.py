"""Measures lockout itself: ``python -m benchmarks``, or ``make bench``."""
