"""Runs one command and writes what it cost to a file.

A program's peak memory is counted from before its `exec`, so whatever starts it lends it its own size.
This one is small: it is run as a script, by `python -I -S`, with nothing but `os`, `sys` and `time`.
"""

import os
import sys
import time


def main(report: str, command: list[str]) -> int:
    """Run the command on our own standard streams; returns its exit code."""
    began, started = time.time(), time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall, ended = time.perf_counter() - started, time.time()
    with open(report, "w", encoding="ascii") as file:
        file.write(f"{began!r} {ended!r} {wall!r} {usage.ru_utime + usage.ru_stime!r} {usage.ru_maxrss}")
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
