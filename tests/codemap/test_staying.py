"""A map that stays: whatever changed on the way, it is the one that a new start makes."""

import itertools
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loomkin.codemap.atlas import Atlas
from loomkin.errors import StoreError
from tests.codemap.shop import SHOP, made, written

NAMES = ("pack0/mod0.py", "pack1/mod1.py", "pack4/mod4.go", "new/one.py", "new/deep/two.py", "a.md", "b.log")
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("write", "write", "remove", "move", "ignore", "track")),
        st.sampled_from(NAMES),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


def changed(root: Path, kind: str, name: str, number: int, clock: Iterator[int]) -> None:
    """Do one thing to a project."""
    path, other = root / name, root / f"moved{number}" / Path(name).name
    if kind == "write":
        text = f"def common():\n    return total{number}()\n\n\ndef total{number % 5}(): ...\n" * (number % 3)
        written(root, {name: text + f"# of number {number}\n"})
        os.utime(path, ns=(1, next(clock)))
    elif kind == "remove":
        path.unlink(missing_ok=True)
    elif kind == "move" and path.exists():
        other.parent.mkdir(exist_ok=True)
        path.replace(other)
    elif kind == "ignore":
        written(root, {".gitignore": f"*.log\nmoved{number}/\n"})
        os.utime(root / ".gitignore", ns=(1, next(clock)))
    elif kind == "track":
        subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)


@given(st.lists(CHANGES, min_size=1, max_size=2))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_way_to_some_files_their_map_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, str, int]]]
) -> None:
    root, clock = written(tmp_path_factory.mktemp("way"), made(12)), itertools.count(10**9)
    staying, renewed = Atlas(root, None, stays=True), Atlas(root, None, stays=True)
    for changes in [[], *rounds]:
        for kind, name, number in changes:
            changed(root, kind, name, number, clock)
            renewed.renew()
        fresh = Atlas(root, None)
        for words in ("", "common total3 of a cart"):
            expected = fresh.map(words, tokens=4_000)
            assert staying.map(words, tokens=4_000) == expected
            assert renewed.map(words, tokens=4_000) == expected


def test_what_was_found_when_the_file_failed_is_found_again(tmp_path: Path) -> None:
    atlas = Atlas(written(tmp_path / "p", SHOP), tmp_path / "map.db", stays=True)
    atlas.map("cart")
    written(tmp_path / "p", {"shop/zebra.py": "def stripes(): ...\n"})
    broken = sqlite3.connect(tmp_path / "map.db")
    broken.execute("DROP TABLE files")
    broken.commit()
    with pytest.raises(StoreError):
        atlas.map("zebra")
    broken.execute(
        "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER, changed INTEGER, digest INTEGER)"
    )
    broken.commit()
    broken.close()
    assert atlas.map("zebra stripes").outlined[0] == "shop/zebra.py"
    atlas.close()
