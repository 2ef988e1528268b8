"""The map over a whole project: its budget, its sameness, and that a little change costs little."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.codemap import reading
from loomkin.codemap.atlas import Atlas
from loomkin.codemap.base import build
from loomkin.codemap.digest import VERSION
from loomkin.codemap.index import Index
from loomkin.codemap.late import BYTES_PER_TOKEN, LEAST_TOKENS
from loomkin.codemap.rank import rank
from loomkin.codemap.words import Pieces
from loomkin.store.codemap import MapStore
from tests.codemap.shop import SHOP, made, written


def tokens(text: str) -> int:
    return round(len(text.encode()) / BYTES_PER_TOKEN)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """A project of 400 files in several languages, with long lines and odd names."""
    files = made(399)
    parameters = ", ".join(f"parameter_{number}: Cart{number}" for number in range(40))
    files["long cart names/über total 17.py"] = f"def total_of_a_cart_17({parameters}): ...\n"
    return Atlas(written(tmp_path_factory.mktemp("large"), files), None)


@given(
    st.integers(LEAST_TOKENS, 8_000), st.sampled_from(["", "cart total", "how is number 17 rendered?", "äöü"])
)
@settings(max_examples=60, deadline=None)
def test_the_budget_is_never_passed_and_met_within_two_percent(large: Atlas, budget: int, words: str) -> None:
    drawn = large.map(words, tokens=budget)
    shown = len(drawn.outlined) + len(drawn.named)
    assert tokens(drawn.text) <= budget
    # one more name would be longer than what is left
    assert shown == 400 or tokens(drawn.text) >= min(0.98 * budget, budget - 12)


def test_words_lead_to_what_they_are_about_and_then_to_its_tests_and_neighbours(tmp_path: Path) -> None:
    drawn = Atlas(written(tmp_path, SHOP), None).map("the total price of a cart is rounded wrongly")
    assert drawn.outlined[0] == "shop/cart.py"
    assert "def total_price(cart, tax)" in drawn.text
    assert drawn.outlined.index("tests/test_cart.py") < 4
    assert drawn.outlined.index("shop/money.py") < 4


def test_without_words_comes_first_what_the_others_need(tmp_path: Path) -> None:
    files = {**made(40), "core.py": "class Engine:\n    def ignite(self): ...\n"}
    files |= {f"use{number}.py": "from core import Engine\nEngine().ignite()\n" for number in range(30)}
    assert Atlas(written(tmp_path, files), None).map("").outlined[0] == "core.py"


def test_without_words_comes_late_what_was_copied_from_others_unless_it_is_at_hand(tmp_path: Path) -> None:
    files = made(40)
    for number in range(30):
        files[f"web/vendor/part{number}.js"] = (
            f"function spin(a) {{ return spin(a) }}\nfunction own{number}() {{}}\n"
        )
        files[f"use{number}.js"] = (
            f"export function use{number}() {{ own{number}(); spin(1); own1(); own2() }}\n"
        )
    atlas = Atlas(written(tmp_path, files), None)
    assert not any("vendor" in path for path in atlas.map("").outlined)
    assert atlas.map("", ["web/vendor/part7.js"]).outlined[0] == "web/vendor/part7.js"
    assert "web/vendor/part7.js" in atlas.map("own7 of the vendor").outlined[:2]


def test_a_file_at_hand_pulls_in_what_it_uses(tmp_path: Path) -> None:
    files = {
        **made(60),
        "odd.py": "from zebra import stripes\nstripes()\n",
        "zebra.py": "def stripes(): ...\n",
    }
    drawn = Atlas(written(tmp_path, files), None).map("", ["odd.py"])
    assert set(drawn.outlined[:2]) == {"odd.py", "zebra.py"}


def test_the_same_files_give_the_same_bytes_in_another_place_and_order(tmp_path: Path) -> None:
    files = made(80)
    here = Atlas(written(tmp_path / "here", files), None)
    there = Atlas(written(tmp_path / "there", dict(reversed(files.items()))), None)
    for words in ("", "cart total", "render number 7"):
        assert here.map(words).text == here.map(words).text == there.map(words).text


def test_bit_by_bit_gives_what_doing_it_anew_gives(tmp_path: Path) -> None:
    root = written(tmp_path, made(90))
    index = Index(root, MapStore(None, VERSION))
    index.refresh()
    base = index.over.base
    changes: list[dict[str, str | None]] = [
        {"pack0/mod3.py": "def entirely_new(): ...\nclass Cart3: ...\n"},
        {"pack0/mod3.py": None, "pack1/mod4.go": "package pack1\n\nfunc Solo() {}\n"},
        {
            "new/one.py": "from pack0 import total5\n\ndef total5(): ...\n",
            "new/two.swift": "func shared() {}\n",
        },
        {"pack2/mod8.py": "def shared(): ...\n" + "def total5(): ...\n"},
        {"zz.md": "words\n", "new/one.py": "x = 1\n"},
    ]
    for change in changes:
        for name, text in change.items():
            if text is None:
                (root / name).unlink()
            else:
                written(root, {name: text})
                os.utime(root / name, ns=(1, hash(text) % 10**12))
        index.refresh()
        assert index.over.base is base, "few files changed, so nothing is built anew"
        fresh = Index(root, MapStore(None, VERSION))
        fresh.refresh()
        for words in ("", "shared total5", "entirely new cart", "solo render"):
            one, other = list(rank(index, words).files), list(rank(fresh, words).files)
            assert [(entry.path, entry.score) for entry in one] == [
                (entry.path, entry.score) for entry in other
            ]


def test_a_name_that_stops_being_everywhere_links_again(tmp_path: Path) -> None:
    files = {f"a{number:02}.py": f"def common(): ...\ndef own{number}(): ...\n" for number in range(25)}
    root = written(tmp_path, {**files, "user.py": "import a00\na00.common()\n"})
    index = Index(root, MapStore(None, VERSION))
    index.refresh()
    written(root, {"a07.py": "def other(): ...\n"})
    index.refresh()
    fresh = Index(root, MapStore(None, VERSION))
    fresh.refresh()
    assert list(rank(index, "user").files) == list(rank(fresh, "user").files)


def test_contents_that_were_met_before_are_not_read_again(tmp_path: Path) -> None:
    root = written(tmp_path, SHOP)
    store = MapStore(tmp_path / "map.db", VERSION)
    Index(root, store).refresh()
    known = store.known()
    cart = known["shop/cart.py"]
    (root / "shop/cart.py").rename(root / "shop/basket.py")
    os.utime(root / "shop/basket.py", ns=(5, 5))
    Index(root, store).refresh()
    now = store.known()
    assert "shop/cart.py" not in now
    assert now["shop/basket.py"].digest == cart.digest
    store.close()


def test_another_process_begins_with_what_the_first_one_kept(tmp_path: Path) -> None:
    root = written(tmp_path / "p", made(70))
    first = Atlas(root, tmp_path / "map.db")
    text = first.map("cart total").text
    first.close()
    store = MapStore(tmp_path / "map.db", VERSION)
    stamp = store.base()["stamp"]
    store.close()
    second = Atlas(root, tmp_path / "map.db")
    assert second.map("cart total").text == text
    second.close()
    assert MapStore(tmp_path / "map.db", VERSION).base()["stamp"] == stamp


def test_an_index_that_somebody_else_built_anew_meanwhile_is_taken_over(tmp_path: Path) -> None:
    root = written(tmp_path / "p", SHOP)
    mine = Atlas(root, tmp_path / "map.db")
    before = mine.map("total price").text
    other = MapStore(tmp_path / "map.db", VERSION)
    index = Index(root, other)
    index.refresh()
    build(other, sorted((path, one.digest) for path, one in other.known().items()), index.pieces)
    other.close()
    assert mine.map("total price").text == before
    mine.close()


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 1_000])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "map.db").write_bytes(damage)
    atlas = Atlas(written(tmp_path / "p", SHOP), tmp_path / "map.db")
    assert "shop/cart.py" in atlas.map("cart").outlined
    atlas.close()


def test_processes_make_what_is_made_here(tmp_path: Path) -> None:
    root = written(tmp_path, made(30))
    paths = sorted(made(30))
    here = [one for batch in reading.digests(root, paths, [1] * 30, Pieces()) for one in batch]
    there = [one for batch in reading.digests(root, paths, [reading.FEW] * 30, Pieces()) for one in batch]
    assert sorted(here) == sorted(there)


def test_definitions_and_references_are_found_by_name(tmp_path: Path) -> None:
    atlas = Atlas(written(tmp_path, SHOP), None)
    (one,) = atlas.definitions("Cart.add")
    assert (one.path, one.entry.first, one.entry.signature) == ("shop/cart.py", 5, "def add(self, item)")
    assert [found.path for found in atlas.definitions("totalPrice")] == ["shop/cart.py"], "in another case"
    assert atlas.definitions("nowhere") == []
    found = atlas.references("total_price")
    assert [(each.path, each.line, each.defines) for each in found.found] == [
        ("tests/test_cart.py", 1, False),
        ("tests/test_cart.py", 5, False),
        ("shop/cart.py", 9, True),
        ("web/page.rb", 2, False),
    ]


def test_files_that_may_not_be_read_show_their_names_alone(tmp_path: Path) -> None:
    atlas = Atlas(written(tmp_path, SHOP), None)
    drawn = atlas.map("cart total price", closed=lambda path: path == "shop/cart.py")
    assert "shop/cart.py" in drawn.outlined
    assert "def total_price" not in drawn.text
    assert all(
        one.path != "shop/cart.py"
        for one in atlas.references("total_price", lambda path: "cart.py" in path).found
    )
