"""One module a command, each with a click command called ``command``. A new one is found by its file."""
