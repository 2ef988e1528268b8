"""What `loomkin graph` makes of the graph for elsewhere: pictures, a page, a tree."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.graph_place import with_graph
from loomkin.cli.graph_views import Branch, Root, SessionOption, session_id
from loomkin.cli.place import AsJson, Folder, look, say, warn
from loomkin.cli.tables import count, to_json
from loomkin.decisions import export_html, export_svg, export_text
from loomkin.decisions.answers import Answers
from loomkin.decisions.drafts import Graph
from loomkin.errors import UsageError
from loomkin.project.secrets import without_keys
from loomkin.records.codec import dump, load
from loomkin.records.decision import DecisionEdge, Node

Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="File to write.")]


class Format(StrEnum):
    """The forms of an export."""

    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


EMPTY = "no decision fits what was asked for; what is written is empty"
_MAKERS = {
    Format.JSON: export_text.as_json,
    Format.DOT: export_text.dot,
    Format.MERMAID: export_text.mermaid,
    Format.SVG: export_svg.svg,
    Format.HTML: export_html.html,
}


def add_exports(app: typer.Typer) -> None:
    """Put the commands that draw the graph into the application."""
    app.command("tree")(tree)
    app.command("export")(export)


def tree(
    context: typer.Context,
    root: Root = "",
    session: SessionOption = "",
    branch: Branch = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Draw the graph as a tree: goals, decisions, options chosen and rejected, actions, outcomes."""

    async def work(answers: Answers) -> str:
        within = (root, session_id(answers, session), branch)
        return to_json(answers.plain_tree(*within)) if as_json else answers.tree(*within)

    say(with_graph(look(folder, context), work))


def export(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="What to make.")] = Format.HTML,
    output: Output = None,
    root: Annotated[str, typer.Option("--root", metavar="ID", help="It and all that came of it.")] = "",
    session: SessionOption = "",
    branch: Branch = "",
    folder: Folder = None,
) -> None:
    """Make JSON, a drawing (dot, mermaid, svg) or one page to pan, zoom and search (html) of the graph."""

    async def work(answers: Answers) -> str:
        graph = _without_keys(answers.drawn(root, session_id(answers, session), branch))
        if not graph.nodes:
            warn(EMPTY)
        text = _MAKERS[form](graph)
        return text.rstrip("\n") if output is None else written(output, text, count(len(graph.nodes), "node"))

    say(with_graph(look(folder, context), work, needed=True))


def _without_keys(graph: Graph) -> Graph:
    """The graph to be drawn: a drawing breaks and cuts words, and no key is known by its part."""
    nodes = {change: load(Node, without_keys(dump(node))) for change, node in graph.nodes.items()}
    return Graph(nodes, tuple(load(DecisionEdge, without_keys(dump(edge))) for edge in graph.edges))


def written(output: Path, text: str, what: str) -> str:
    """Write a file, without keys; says so. Raises UsageError where it cannot be written."""
    try:
        output.write_text(without_keys(text), encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"Cannot write {output}: {error.strerror}.", hint="Name another file.") from error
    return f"Wrote {what} to {output}."
