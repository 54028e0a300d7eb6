# The archiver has no port; that it has filed something within the last second is how we see that it works.
find /tmp/archive/latest -newermt '1 second ago' | grep -q . || { echo "nothing archived for a second" >&2; exit 1; }
