"""Median time from the start of a command on a terminal to its first byte, in milliseconds."""

import os
import pty
import statistics
import sys
import time


def first_byte(command):
    begun = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    os.read(terminal, 1)
    took = time.monotonic() - begun
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:  # the other side has closed the terminal
        pass
    os.close(terminal)
    os.waitpid(pid, 0)
    return took * 1000


times = [first_byte(sys.argv[1:]) for _ in range(7)]
print(f"first byte: median {statistics.median(times):.1f} ms of {len(times)} runs")
