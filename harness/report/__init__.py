"""Reports: pure functions from what a run showed to text, JUnit, JSON and HTML."""
