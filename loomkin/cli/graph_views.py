"""What `loomkin graph` shows: one node, many, the state of the graph, its story, its text for others."""

import time
from typing import Annotated

import typer

from loomkin.cli.graph_place import Files, below, with_graph
from loomkin.cli.place import AsJson, Folder, look, say
from loomkin.cli.tables import to_json
from loomkin.decisions.answers import Answers
from loomkin.decisions.desk import Query
from loomkin.decisions.plain import plain_graph, plain_node
from loomkin.decisions.pulse import in_words
from loomkin.store.sessions import find

MOST = 50
Branch = Annotated[str, typer.Option(metavar="NAME", help="What was decided on that branch.")]
SessionOption = Annotated[str, typer.Option("--session", metavar="ID", help="What that session decided.")]
Root = Annotated[str, typer.Argument(metavar="[ID]", help="A goal or decision: it and all that came of it.")]
Everything = Annotated[
    bool, typer.Option("--all", help="Also the automatic observations, which are left out otherwise.")
]


def add_views(app: typer.Typer) -> None:
    """Put the commands that only look into the application."""
    app.command("show")(show)
    app.command("pulse")(pulse)
    app.command("narrative")(narrative)
    app.command("writeup")(writeup)


def show(
    context: typer.Context,
    node: Annotated[str, typer.Argument(metavar="[ID]", help="One node; without it the newest ones.")] = "",
    search: Annotated[str, typer.Option(metavar="WORDS", help="Those that fit the words best.")] = "",
    around: Annotated[int, typer.Option(metavar="STEPS", min=0, help="With ID: its neighbours, too.")] = 0,
    file: Files = None,
    doubts: Annotated[bool, typer.Option("--doubts", help="What rests on something unsure.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = MOST,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show the graph, or one node with all that is known of it."""

    async def work(answers: Answers) -> str:
        if as_json and node:
            found = answers.near(node, around)
            return to_json(plain_graph(*found))
        if as_json:
            graph = answers.graph.snapshot()
            return to_json(plain_graph(graph.nodes, graph.edges))
        now = time.time()
        if node and around:
            return answers.ask(Query.AROUND, node, limit, around, now)
        if node:
            return answers.shown(node)
        if search:
            return answers.ask(Query.SEARCH, search, limit, 0, now)
        if file:
            return answers.about(list(below(look(folder, context), file)), limit)
        return answers.ask(Query.DOUBTS if doubts else Query.ALL, "", limit, 0, now)

    say(with_graph(look(folder, context), work))


def pulse(context: typer.Context, as_json: AsJson = False, folder: Folder = None) -> None:
    """Show what hangs in the air, what is unsure or stale, and the score with its arithmetic."""

    async def work(answers: Answers) -> str:
        found = answers.pulse(time.time())
        if not as_json:
            return in_words(found)
        gaps = {gap.name: [plain_node(node) for node in gap.nodes] for gap in found.gaps}
        goals = [plain_node(goal) for goal in found.goals]
        return to_json(
            {
                "score": found.score,
                "arithmetic": found.arithmetic,
                "nodes": found.nodes,
                "goals": goals,
                "gaps": gaps,
            }
        )

    say(with_graph(look(folder, context), work))


def narrative(
    context: typer.Context,
    root: Root = "",
    session: SessionOption = "",
    branch: Branch = "",
    everything: Everything = False,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Tell what was decided, oldest first: below a node, in a session, on a branch, or all of it."""

    async def work(answers: Answers) -> str:
        if not as_json:
            return answers.told(root, session_id(answers, session), branch, everything=everything)
        part = answers.part(root, session_id(answers, session), branch, everything=everything)
        return to_json(plain_graph(part.nodes, part.edges))

    say(with_graph(look(folder, context), work))


def writeup(
    context: typer.Context,
    root: Root = "",
    session: SessionOption = "",
    branch: Branch = "",
    title: Annotated[str, typer.Option(metavar="TEXT", help="The heading, if not the goal's.")] = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Write the decisions behind a change as Markdown for a pull request."""

    async def work(answers: Answers) -> str:
        text = answers.writeup(root, session_id(answers, session), branch, title)
        return to_json({"markdown": text}) if as_json else text.rstrip("\n")

    say(with_graph(look(folder, context), work))


def session_id(answers: Answers, word: str) -> str:
    """The session that is meant; raises NotFoundError."""
    return find(answers.graph.database, word).id if word else ""
