"""Decisions leave the repository: as pictures, as a page for a browser, as patch files for other clones."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.fakes.browser import Browser
from tests.scenarios.conftest import Bench

EVIL = "</script><script>document.body.dataset.evil = 1; alert(1)</script>"
SHOTS = "LOOMKIN_SHOTS"
"""Where this variable names a folder, pictures of the page are left there for people to look at."""


async def add(bench: Bench, kind: str, title: str, *more: str) -> str:
    """The id of a new node."""
    done = await bench.run("graph", "add", kind, title, *more, "--json")
    assert done.code == 0, done.err
    return str(done.json["id"])


async def story(bench: Bench) -> None:
    """A small graph with something of everything."""
    await add(bench, "goal", "Ship login")
    redis = ("--reject", "Use Redis: needs a server", "--file", "src/db.py")
    await add(bench, "decision", "Use SQLite", "--parent", "d1", "--confidence", "80", *redis)
    await add(bench, "action", "Write the table", "--parent", "d2")
    await add(bench, "outcome", "Too slow", "--parent", "d4", "--failed")
    await add(bench, "observation", EVIL, "--description", "<img src=x onerror=alert(2)>")


def clone(bench: Bench, name: str) -> Bench:
    """Another clone of the repository."""
    bench.git("clone", "-q", str(bench.root), str(bench.root.parent / name))
    return Bench(bench.root.parent / name)


@pytest.mark.feature("C4")
async def test_two_clones_exchange_patch_files_and_agree(bench: Bench) -> None:
    other = clone(bench, "other")
    await add(bench, "decision", "Use SQLite", "--reject", "Use Redis: needs a server")
    await add(other, "decision", "Plain list", "--reject", "Use numpy: slow to import")
    for here, there in ((bench, other), (other, bench)):
        file = str(here.root / "decisions.json")
        assert (await here.run("graph", "diff", "-o", file)).code == 0
        first = await there.run("graph", "apply", file)
        assert first.out.startswith("Taken in: nodes: 2 added; edges: 1 drawn, 0 taken away; ")
        again = (await there.run("graph", "apply", file, "--json")).json
        assert (again["nodes"], again["edges"]) == (
            {"added": [], "changed": [], "removed": []},
            {"drawn": 0, "taken_away": 0},
        )
    one, two = [await each.run("graph", "diff") for each in (bench, other)]
    assert one.out == two.out
    assert len(json.loads(one.out)["nodes"]) == 4
    assert (await other.run("graph", "show", "d4")).out.startswith("d4 option: Use Redis")
    assert (await other.run("sessions", "check")).out == "All tables are what the log says.\n"


@pytest.mark.feature("C4")
async def test_a_patch_that_would_close_a_circle_is_refused_with_its_way(bench: Bench) -> None:
    other = clone(bench, "other")
    await add(bench, "decision", "Use SQLite")
    await add(bench, "decision", "Keep one writer")
    file = str(bench.root.parent / "patch.json")
    await bench.run("graph", "diff", "-o", file)
    trial = await other.run("graph", "apply", file, "--dry-run")
    assert trial.out.startswith("Would take in: nodes: 2 added")
    await other.run("graph", "apply", file)
    await bench.run("graph", "link", "d1", "d2")
    await other.run("graph", "link", "d2", "d1")
    await bench.run("graph", "diff", "-o", file)
    refused = await other.run("graph", "apply", file)
    assert refused.code == 1
    assert "The patch would close a circle: d1 (Use SQLite) -> d2 (Keep one writer) -> d1" in refused.err


@pytest.mark.feature("C4")
async def test_what_cannot_be_read_or_understood_is_said(bench: Bench) -> None:
    missing = await bench.run("graph", "apply", "nowhere.json")
    assert (missing.code, "Cannot read nowhere.json" in missing.err) == (2, True)
    strange = await bench.run("graph", "apply", "-", stdin=b'{"format": "loomkin-decisions", "version": 9}')
    assert (strange.code, "this loomkin knows 1" in strange.err) == (1, True)
    await add(bench, "goal", "Ship login")
    wrong = await bench.run("graph", "diff", "--since", "yesterday")
    assert (wrong.code, "--since 'yesterday' is no time" in wrong.err) == (2, True)


@pytest.mark.feature("F12")
async def test_every_form_of_export_holds_the_graph_or_the_part_that_was_asked_for(bench: Bench) -> None:
    nothing = await bench.run("graph", "export", "--format", "svg")
    assert (nothing.code, "Nothing was decided here yet." in nothing.err) == (1, True)
    await add(bench, "goal", "Ship login")
    await add(bench, "decision", "Use SQLite", "--parent", "d1", "--reject", "Use Redis: needs a server")
    out = {
        form: (await bench.run("graph", "export", "--format", form)).out
        for form in ("json", "dot", "mermaid", "svg", "html")
    }
    assert len(json.loads(out["json"])["nodes"]) == 3
    assert '"d2" -> "d3" [label="rejected", tooltip="needs a server", style="dashed"];' in out["dot"]
    assert '  d2 -.->|"rejected"| d3\n' in out["mermaid"]
    assert "Use Redis" in ElementTree.tostring(ElementTree.fromstring(out["svg"]), encoding="unicode")
    assert out["html"].startswith("<!doctype html>")
    file = bench.root / "part.svg"
    done = await bench.run("graph", "export", "--format", "svg", "--root", "d2", "-o", str(file))
    assert (done.out, "Ship login" in file.read_text()) == (f"Wrote 2 nodes to {file}.\n", False)
    there = await bench.run("graph", "export", "-o", str(bench.root / "none" / "x.html"))
    assert (there.code, "Cannot write" in there.err) == (2, True)


@pytest.mark.feature("F12")
async def test_the_tree_shows_goals_with_their_decisions_and_options(bench: Bench) -> None:
    await add(bench, "goal", "Ship login")
    await add(bench, "decision", "Use SQLite", "--parent", "d1", "--reject", "Use Redis: needs a server")
    await add(bench, "outcome", "Too slow", "--parent", "d2", "--failed")
    assert (await bench.run("graph", "tree")).out.splitlines() == [
        "d1 goal: Ship login",
        "└─ d2 decision: Use SQLite",
        "   ├─ ✗ rejected d3 Use Redis: needs a server",
        "   └─ d4 outcome: Too slow (failed)",
    ]
    rows = (await bench.run("graph", "tree", "--json")).json
    assert [(row["id"], row["depth"], row["under"], row["how"], row["again"]) for row in rows] == [
        ("d1", 0, None, None, False),
        ("d2", 1, "d1", "leads_to", False),
        ("d3", 2, "d2", "rejected", False),
        ("d4", 2, "d2", "leads_to", False),
    ]
    assert (rows[2]["title"], rows[2]["reason"]) == ("Use Redis", "needs a server")
    below = (await bench.run("graph", "tree", "d2", "--json")).json
    assert [row["id"] for row in below] == ["d2", "d3", "d4"]


def hidden(browser: Browser) -> list[str]:
    """The nodes that the search or a filter hides in the list."""
    rows = "[...document.querySelectorAll('#list li')].filter((row) => row.hidden)"
    found: list[str] = browser.value(f"{rows}.map((row) => row.firstChild.dataset.id)")
    return found


def placed(browser: Browser) -> str:
    """Where the picture is and how large."""
    return str(browser.value("document.querySelector('#pane svg').style.transform"))


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.feature("F12")
async def test_the_page_is_searched_filtered_panned_zoomed_and_read_in_a_browser(
    bench: Bench, tmp_path: Path
) -> None:
    await story(bench)
    file = tmp_path / "graph.html"
    assert (await bench.run("graph", "export", "-o", str(file))).code == 0
    with Browser(tmp_path / "profile") as browser:
        browser.open(file.as_uri(), 1280, 800)
        assert browser.value("document.querySelectorAll('#list li').length") == 6
        look_for(browser)
        read_a_node(browser)
        move_the_picture(browser)
        browser.open(f"{file.as_uri()}#search=redis&node=d3", 390, 844, dark=True)
        assert browser.value("document.querySelector('#detail h2').textContent") == "Use Redis"
        assert browser.value("document.documentElement.scrollWidth") <= 390
        browser.click("#filters summary")
        edges = browser.value("(({left, right}) => [left, right])(kinds.parentNode.getBoundingClientRect())")
        assert 0 <= edges[0] < edges[1] <= 390
        browser.key("Escape")
        assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(14, 17, 22)"
        if folder := os.environ.get(SHOTS):
            browser.shoot(Path(folder) / "narrow.png")
            browser.open(file.as_uri(), 1280, 800)
            browser.shoot(Path(folder) / "wide.png")
        assert browser.value("document.body.dataset.evil") is None
        assert browser.value("document.querySelectorAll('img').length") == 0
        assert browser.faults == []
        assert {address.partition(":")[0] for address in browser.asked} <= {"file", "about"}


def look_for(browser: Browser) -> None:
    browser.key("/", "/")
    browser.type("DB.py")
    assert hidden(browser) == ["d1", "d4", "d5", "d6"]
    assert browser.value("document.getElementById('count').textContent") == "2 of 6"
    assert browser.value("document.querySelectorAll('.node.off').length") == 4
    assert browser.value("location.hash") == "#search=DB.py"
    browser.key("Escape")
    assert hidden(browser) == []
    browser.click("#filters summary")
    browser.click("#kinds input[value=option]")
    assert hidden(browser) == ["d3"]
    browser.click("#kinds input[value=option]")
    browser.key("Escape")
    assert browser.value("document.getElementById('filters').open") is False


def read_a_node(browser: Browser) -> None:
    browser.click(".node[data-id=d6] .shape")
    assert browser.value("document.querySelector('#detail h2').textContent") == EVIL
    assert "<img src=x onerror=alert(2)>" in browser.value("document.getElementById('detail').innerText")
    browser.click("#list button[data-id=d2]")
    told = browser.value("document.getElementById('detail').innerText")
    for words in ("Use SQLite", "80 %", "src/db.py", "rejected d3 Use Redis", "needs a server", "comes from"):
        assert words in told
    browser.click("#detail li:nth-child(2) .link")
    assert browser.value("document.querySelector('#detail h2').textContent") == "Use Redis"
    browser.key("ArrowDown")
    assert browser.value("document.querySelector('#detail h2').textContent") == "Write the table"
    browser.key("Escape")
    assert browser.value("document.getElementById('detail').hidden") is True


def move_the_picture(browser: Browser) -> None:
    browser.key("0", "0")
    before = placed(browser)
    browser.mouse("mousePressed", 1100, 700)
    browser.mouse("mouseMoved", 1050, 650)
    browser.mouse("mouseReleased", 1050, 650)
    dragged = placed(browser)
    assert dragged != before
    browser.mouse("mouseWheel", 800, 400, deltaX=0, deltaY=-300)
    browser.wait(f"document.querySelector('#pane svg').style.transform !== {json.dumps(dragged)}")
    scale = "Number(document.querySelector('#pane svg').style.transform.match(/scale\\((.*)\\)/)[1])"
    zoomed = browser.value(scale)
    browser.key("-", "-")
    assert browser.value(scale) < zoomed
    browser.click("#fit")
    assert placed(browser) == before
