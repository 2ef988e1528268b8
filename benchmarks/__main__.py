"""`python -m benchmarks [NAME…] [--json FILE]`: run benchmarks and print what they find.

Every time stands beside its ratio to `python -I -c pass`, measured between the samples of the same run.
Nothing here passes or fails: a shared machine would decide it.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    edits,
    history,
    hooks,
    journal,
    map_speed,
    memory,
    memory_keepers,
    memory_offload,
    search,
    start,
    steps,
    team,
    watching,
    why,
)
from benchmarks.figures import Figure, line, plain
from benchmarks.process import CommandFailed, Floor, compile_all

BENCHMARKS: dict[str, Callable[[Floor], Iterator[Figure]]] = {
    "start": start.measure,
    "steps": steps.measure,
    "journal": journal.measure,
    "edits": edits.measure,
    "search": search.measure,
    "team": team.measure,
    "memory": memory.measure,
    "memory_offload": memory_offload.measure,
    "memory_keepers": memory_keepers.measure,
    "why": why.measure,
    "hooks": hooks.measure,
    "map": map_speed.measure,
    "history": history.measure,
    "watching": watching.measure,
}


def main() -> int:
    """Run what was named, or all; 1 when one could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    compile_all()
    floor = Floor()
    floor.settle()
    found: dict[str, list[dict[str, object]]] = {}
    failed = False
    for name in options.names or BENCHMARKS:
        sys.stdout.write(f"{name}\n")
        found[name] = []
        try:
            for figure in BENCHMARKS[name](floor):
                sys.stdout.write(line(figure, floor) + "\n")
                sys.stdout.flush()
                found[name].append(plain(figure, floor))
        except CommandFailed as error:
            failed = True
            sys.stdout.write(f"  not measured: {error}\n")
    sys.stdout.write(
        f"floor: python -I -c pass took {floor.cpu * 1000:.1f} ms of processor, {floor.wall * 1000:.1f} ms "
        f"of the wall and {floor.resident / 1e6:.1f} MB (medians of {len(floor.runs)})\n"
    )
    if options.json:
        about = {"cpu": floor.cpu, "wall": floor.wall, "resident": floor.resident, "samples": len(floor.runs)}
        machine = {"python": sys.version.split()[0], "processors": os.cpu_count(), "load": os.getloadavg()}
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        whole = {"at": when, "machine": machine, "floor": about, "figures": found}
        options.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
