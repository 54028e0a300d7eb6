"""The right verdict for every claim of every scenario, and how often lockout gives it.

What is right is stated in ``verdicts/<group>.yaml``, by hand and from the failure catalogue: neither copied from a run
nor taken from what a scenario accepts as a risk.
"""
