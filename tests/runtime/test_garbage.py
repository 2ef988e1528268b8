"""Looks for circles of objects hold nothing up, and still find them."""

import subprocess
import sys

RUN = """
import gc, weakref
from loomkin.runtime.garbage import YOUNG, collect_seldom

class Node: pass

gc.disable()
collect_seldom()
looks = []
gc.callbacks.append(lambda phase, info: looks.append(info["generation"]) if phase == "start" else None)
node = Node()
node.itself = node
seen = weakref.ref(node)
del node
kept = [[] for _ in range(YOUNG // 2)]
print(gc.get_freeze_count() > 0, looks, seen() is None)
kept += [[] for _ in range(YOUNG)]
print(looks[:1], seen() is None)
"""


def test_it_looks_after_two_thousand_objects_and_finds_what_holds_on_to_itself() -> None:
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True [] False", "[0] True"]
