"""The map through the real command and through the tools of an agent."""

import os
from pathlib import Path

import pytest

from loomkin.codemap.late import BYTES_PER_TOKEN
from tests.codemap.shop import SHOP, made
from tests.scenarios.conftest import Bench, bodies, call
from tests.scenarios.test_recall import results

DONE = {"text": "Done."}


@pytest.fixture
def shop(tmp_path: Path) -> Bench:
    """A small shop in Python, Ruby and CSS."""
    root = tmp_path / "a shop"
    root.mkdir()
    bench = Bench(root, {"HOME": str(tmp_path)})
    bench.git("init", "-q")
    for name, text in SHOP.items():
        bench.write(name, text)
    bench.git("add", ".")
    bench.git("commit", "-qm", "First")
    return bench


@pytest.mark.feature("D1")
async def test_the_map_shows_what_matters_for_the_words_and_follows_every_change(shop: Bench) -> None:
    first = await shop.run("map", "total", "price", "of", "a", "cart")
    assert (first.code, first.err) == (0, "")
    lines = first.out.splitlines()
    assert lines[0] == "shop/cart.py"
    assert "  9: def total_price(cart, tax)" in lines
    assert shop.git("status", "--short") == "", "what is kept is not the repository's"
    again = await shop.run("map", "total", "price", "of", "a", "cart", cwd=shop.root / "web")
    assert again.out == first.out, "from any folder, from what was kept"
    shop.write("shop/coupon.py", "def cart_coupon(total_price): ...\n")
    (shop.root / "shop/mail.py").unlink()
    shop.write("shop/money.py", "def halved(amount):\n    return amount / 2\n")
    changed = await shop.run("map", "--json", "total price of a cart")
    shown = changed.json["outlined"] + changed.json["named"]
    assert "shop/coupon.py" in changed.json["outlined"]
    assert "shop/mail.py" not in shown
    assert "def halved(amount)" in changed.json["text"]
    assert "web/style.css" in shown, "without a grammar it is there by name"


@pytest.mark.feature("D1")
async def test_the_budget_and_files_at_hand_count_and_wrong_words_are_explained(shop: Bench) -> None:
    for name, text in made(120).items():
        shop.write(name, text)
    small = await shop.run("map", "--budget", "300", "--json", "cart")
    assert 294 <= small.json["tokens"] <= 300
    assert small.json["tokens"] == round(len(small.json["text"].encode()) / BYTES_PER_TOKEN)
    near = await shop.run("map", "--open", "shop/mail.py", "--json", "--budget", "300")
    assert near.json["outlined"][0] == "shop/mail.py"
    bare = await shop.run("map", "--json", "--budget", "300")
    lost = await shop.run("map", "--json", "--budget", "300", "zyzzyva")
    assert lost.json["text"].startswith("These words find no file here. Without them matter:\n")
    assert lost.json["tokens"] <= 300
    assert lost.json["outlined"] == bare.json["outlined"][: len(lost.json["outlined"])]
    assert "find no file" not in bare.json["text"] + small.json["text"] + near.json["text"]
    shop.write("aside.md", "Nothing to do with the shop.\n")
    beside = await shop.run("map", "--open", "aside.md", "--json", "--budget", "300")
    assert bare.json["outlined"][0] in beside.json["outlined"], "a page that rests on nothing leads nowhere"
    wrong = await shop.run("map", "--open", "nothing.py")
    assert (wrong.code, wrong.out) == (2, "")
    assert "nothing.py is no file below" in wrong.err
    assert (await shop.run("map", "--budget", "3")).code == 2


@pytest.mark.feature("D1")
async def test_outside_git_and_without_files_it_works_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "plain")
    bench.root.mkdir()
    empty = await bench.run("map")
    assert (empty.code, empty.out) == (1, "There are no files here.\n")
    bench.write("a.kt", "fun shines() = 1\n")
    bench.write("node_modules/b.kt", "fun hides() = 1\n")
    found = await bench.run("map", "shines")
    assert found.out == "a.kt\n  1: fun shines() = 1\n"
    for name in (b"odd \xff name.kt", b"two\nlines.kt"):
        (bench.root / os.fsdecode(name)).write_text("fun strange() = 1\n")
    odd = await bench.run("map", "--json", "strange")
    assert sorted(odd.json["outlined"]) == ["a.kt", "odd \\xff name.kt", "two\\nlines.kt"]
    assert (await bench.run("map", "--json", "strange")).out == odd.out


@pytest.mark.feature("D1")
async def test_agents_ask_for_map_outline_definition_and_references(shop: Bench) -> None:
    shop.write(".loomkin.toml", '[permissions]\ndeny = ["file_read(shop/money.py)"]\n')
    steps = [
        {
            "calls": [
                call("repo_map", query="rounded total price"),
                call("tool_search", query="outline symbol references"),
            ]
        },
        {
            "calls": [
                call("code_outline", path="shop/cart.py"),
                call("find_symbol", name="Cart.add"),
                call("find_references", name="total_price"),
                call("find_symbol", name="rounded"),
                call("code_outline", path="shop"),
            ]
        },
        DONE,
    ]
    async with shop.model(*steps) as server:
        done = await shop.run("ask", "go", "--solo")
        assert done.code == 0, done.err
        first, last = bodies(server)[1], bodies(server)[-1]
    drawn = results(first)[0]
    assert "def total_price(cart, tax)" in drawn
    assert "shop/money.py" in drawn
    assert "def rounded" not in drawn, "a rule denies to read that file"
    outlined, symbol, references, closed, folder = results(last)[2:]
    assert outlined == (
        "shop/cart.py\n  4-5: class Cart\n    5-5: def add(self, item)\n  9-10: def total_price(cart, tax)"
    )
    assert symbol == "shop/cart.py:5-5  def add(self, item)"
    assert "shop/cart.py\n9:def total_price(cart, tax):  (defined here)" in references
    assert "# what" not in references
    assert closed.startswith("Nothing here defines rounded.")
    assert "There is no file shop" in folder
