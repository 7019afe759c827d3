"""Become another program that dies with its parent: `launch.py PARENT_PID CMD…` (Linux; elsewhere it just becomes it).

A test run that is killed outright runs no cleanup; the kernel then ends what it started. A file of its own, because
code between fork and exec (`preexec_fn`) is unsafe where there are threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):  # it died before the line above
        sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - a program of the tests' own choosing, no shell
