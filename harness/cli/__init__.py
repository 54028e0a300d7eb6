"""The command line: thin commands, no logic. Heavy imports wait until a command needs them."""
