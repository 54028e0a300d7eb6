"""The undo matrix: every way a run can end, times every family of faults, on one real lab.

Each cell is a process of its own that conducts one fault, and is ended in one way. Afterwards every workload has to
work, and the lab has to be as it was when new (``harness.lab.inventory``).
"""
