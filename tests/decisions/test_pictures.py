"""Pictures of the graph: nothing lies on anything else, and no title breaks out of its place."""

import html
import json
import re
import time
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.decisions import export_html, export_svg, export_text
from loomkin.decisions.drafts import Graph
from loomkin.decisions.layout import arranged
from loomkin.decisions.measure import width, wrapped
from loomkin.decisions.tree import tree
from loomkin.records.decision import EdgeType, NodeKind
from tests.decisions.pictures import graph_of, large

pytestmark = pytest.mark.feature("F12")

NASTY = (
    '</script><script>alert(1)</script> "; \\" \\N \\',
    "<b>&amp; &quot; ]]> <!-- --> @@STYLE@@ %%{init: {}}%% #quot; `x` |y| {z}",
    "subgraph end; digraph { a -> b } // /* \\n\n\t\x00\x1b[31m\u2028",
    "日本語 \U0001f4a5 \u202e right to left e\u0301",
)
_titles = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
)


@st.composite
def _graphs(draw: st.DrawFn) -> Graph:
    titles = draw(st.lists(_titles, min_size=1, max_size=14))
    ends = st.integers(0, len(titles) - 1)
    drawn = draw(st.lists(st.tuples(ends, ends, st.sampled_from(EdgeType)), max_size=24))
    links = []
    for one, other, kind in drawn:
        low, high = sorted((one, other))
        if low != high:  # older nodes come before newer ones, so that no circle is closed
            backward = kind in ("requires", "supersedes", "revises", "summarizes")
            weak = kind in ("chosen", "rejected", "supports")
            links.append((one, other, kind) if weak else (high, low, kind) if backward else (low, high, kind))
    return graph_of(titles, links, reason=draw(_titles))


def plain(title: str) -> str:
    """A title as a picture can hold it."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ufffd]", " ", title).split())


def dot_words(text: str) -> list[str]:
    """The quoted words of a dot file, by Graphviz's own rules; nothing else may stand outside of them."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    rest = re.sub(r'"(?:[^"\\]|\\.)*"', "Q", text, flags=re.DOTALL)
    line = r"(digraph decisions \{|\}|  (node|edge|Q|Q -> Q) \[[\w=,. ]*\];)"
    assert [one for one in rest.splitlines() if not re.fullmatch(line, one)] == []
    return [html.unescape(re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], word)) for word in words]


@given(_graphs())
@settings(max_examples=40, deadline=None)
def test_dot_holds_every_title_whole_and_nothing_outside_its_quotes(graph: Graph) -> None:
    words = [plain(word.partition("\n")[2]) for word in dot_words(export_text.dot(graph))]
    assert [plain(node.title) for node in graph.nodes.values() if plain(node.title) not in words] == []


@given(_graphs())
@settings(max_examples=40, deadline=None)
def test_mermaid_holds_every_title_whole_and_only_its_own_lines(graph: Graph) -> None:
    lines = export_text.mermaid(graph).splitlines()
    shape = r'  d\d+(\(\[|\[|\(|>|\[\[|\[/|\{\{)"([^"]*)"(\]\)|\]|\)|\]\]|/\]|\}\})'
    edge = r'  d\d+ (-->|-->\|"[a-z ]+"\||-\.->\|"[a-z ]+"\|) d\d+'
    style = r"  (classDef \w+ [\w:#,\- ]+|class [d\d,]+ \w+)"
    found = [re.fullmatch(shape, line) for line in lines[1 : len(graph.nodes) + 1]]
    assert lines[0] == "flowchart TD"
    for node, match in zip(graph.nodes.values(), found, strict=True):
        assert match is not None
        label = match[2].partition("<br/>")[2]
        assert not set("<>&`{}[]|\\%") & set(label)
        assert plain(re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label)) == plain(node.title)
    rest = lines[len(graph.nodes) + 1 :]
    assert [line for line in rest if not re.fullmatch(f"{edge}|{style}", line)] == []


@given(_graphs())
@settings(max_examples=40, deadline=None)
def test_a_picture_is_well_formed_and_names_every_node_and_edge(graph: Graph) -> None:
    root = ElementTree.fromstring(export_svg.svg(graph))
    space = "{http://www.w3.org/2000/svg}"
    groups = root.findall(f"{space}g")
    assert {group.get("data-id") for group in groups} == {node.id for node in graph.nodes.values()}
    told = {group.get("data-id"): group.findtext(f"{space}title") or "" for group in groups}
    for node in graph.nodes.values():
        assert plain(node.title) in plain(told[node.id])
    assert len(root.findall(f"{space}path")) == len(graph.edges)
    assert {child.tag.removeprefix(space) for child in root.iter()} <= {
        "svg", "style", "defs", "marker", "path", "rect", "polygon", "g", "title", "text",
    }  # fmt: skip


@given(_graphs())
@settings(max_examples=40, deadline=None)
def test_the_page_holds_the_graph_as_data_and_no_script_but_its_own(graph: Graph) -> None:
    page = export_html.html(graph)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 2 == page.count("<script")
    assert [node["title"] for node in json.loads(scripts[0])["nodes"]] == [
        node.title for node in graph.nodes.values()
    ]
    assert not re.search(
        r"""\s(src|href|style|on\w+)=["']|url\((?!#arrow)|@import|https?://(?!www\.w3\.org/2000/svg)""", page
    )


@given(_graphs())
@settings(max_examples=40, deadline=None)
def test_no_box_lies_on_another_or_outside_and_what_comes_later_lies_below(graph: Graph) -> None:
    layout = arranged(graph)
    assert set(layout.boxes) == set(graph.nodes)
    for one, other in combinations(layout.boxes.values(), 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one, other)
    for box in layout.boxes.values():
        assert box.x >= 0 <= box.y
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
    for wire in layout.wires:
        if wire.edge.order:
            earlier, later = (layout.boxes[change] for change in wire.edge.order)
            assert earlier.y + earlier.height < later.y
        assert all(above[1] <= below[1] for above, below in pairwise(wire.points))


@given(_graphs())
@settings(max_examples=40, deadline=None)
def test_a_tree_shows_every_node_in_full_once(graph: Graph) -> None:
    shown = re.findall(r"^[│├└─ ]*(?:[a-z_✓✗() ]+ )?(d\d+)(?=[ ])", tree(graph), re.MULTILINE)
    assert set(shown) == {node.id for node in graph.nodes.values()}
    assert "\n\n" not in tree(graph)


def test_five_hundred_nodes_are_drawn_in_two_seconds_and_the_same_every_time() -> None:
    graph = large(500)
    start = time.process_time()
    first = export_html.html(graph)
    assert time.process_time() - start < 2
    assert export_html.html(large(500)) == first


def test_goals_stand_on_top_and_options_that_lost_hang_below_their_decision_struck_and_dashed() -> None:
    kinds = (NodeKind.GOAL, NodeKind.DECISION, NodeKind.OPTION, NodeKind.OPTION)
    links = [(0, 1, EdgeType.LEADS_TO), (1, 2, EdgeType.REJECTED), (1, 3, EdgeType.CHOSEN)]
    graph = graph_of(["Ship", "Use SQLite", "Redis", "SQLite"], links, kinds)
    boxes = list(arranged(graph).boxes.values())
    by_id = {box.node.id: box for box in boxes}
    assert by_id["d1"].y < by_id["d2"].y < by_id["d4"].y < by_id["d3"].y
    assert re.search(r'class="node option superseded rejected" data-id="d3"', export_svg.svg(graph))
    assert ".rejected .title { fill: var(--faint); text-decoration: line-through; }" in export_svg.svg(graph)
    assert tree(graph).splitlines()[2].startswith("   ├─ ✓ chosen d4 SQLite")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 6))
def test_a_title_fits_its_lines_and_loses_nothing_but_its_end(text: str, most: int) -> None:
    lines = wrapped(text, 13, 180, most)
    assert len(lines) <= most
    assert all(width(line, 13) <= 180 for line in lines)
    joined = "".join("".join(lines).split())
    assert "".join(text.split()).startswith(joined.removesuffix("…"))
