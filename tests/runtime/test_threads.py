"""A thread that computes does not keep the loop's thread waiting."""

import subprocess
import sys

RUN = """
import threading, time
from loomkin.runtime.threads import share_soon

over, begun = False, threading.Event()

def compute():
    while not over:
        sum(range(100))
        begun.set()

def turn():
    taken = []
    for _ in range(60):
        since = time.perf_counter()
        time.sleep(0)
        taken.append(time.perf_counter() - since)
    return sorted(taken)[30]  # some wait for other programs, too, on a busy machine

thread = threading.Thread(target=compute)
thread.start()
begun.wait()
before = turn()
share_soon()
after = turn()
over = True
thread.join()
print(before, after)
"""


def test_a_thread_that_computes_lets_the_loop_go_on_sooner_than_usual() -> None:
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert after < before * 0.7
