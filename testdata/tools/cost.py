"""Runs a command and says what it cost: CPU seconds of all its processes, and the most memory that one of them held.

    python3 cost.py COMMAND [ARGUMENT ...]

The exit code is the command's. The line is written to standard error.
"""

import resource
import subprocess
import sys
import time

begun = time.monotonic()
code = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.write(
    "cost: %.1f CPU seconds, %.1f seconds, %d MB at most\n"
    % (used.ru_utime + used.ru_stime, time.monotonic() - begun, used.ru_maxrss // 1024)
)
sys.exit(code if code >= 0 else 128 - code)
