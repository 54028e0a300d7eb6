"""``python -m harness.cli``: the same as the command ``lockout``."""

from harness.cli.main import main

main()
