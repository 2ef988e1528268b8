"""`loomkin graph`: the decision graph of the repository: look, add, link, change, take back, write up."""

from typing import Annotated, Any

import typer

from loomkin.cli.graph_exports import add_exports
from loomkin.cli.graph_patches import add_patches
from loomkin.cli.graph_place import Files, below, changed
from loomkin.cli.graph_views import add_views
from loomkin.cli.place import AsJson, Folder, group, look, say
from loomkin.cli.tables import to_json
from loomkin.decisions.answers import Answers, edge_type
from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import Done, Draft, Rejected
from loomkin.decisions.plain import plain_node
from loomkin.errors import UsageError
from loomkin.records.decision import EdgeType, NodeKind, NodeStatus, Origin
from loomkin.records.regex import pattern
from loomkin.workspace.moments import where

app = group("The decision graph: goals, decisions, rejected options, and why.")
add_views(app)
add_exports(app)
add_patches(app)
NodeArgument = Annotated[str, typer.Argument(metavar="ID", help="Such as d42; an exact title will do.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]
Confidence = Annotated[int | None, typer.Option(metavar="0-100", help="How sure you are, in percent.")]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="More than the title says.")]
_BARE_COLON = pattern(r":(?!//)")
_EDITABLE = "--title, --description, --confidence, --status, --reason, --file, --failed and --worked"
Type = Annotated[str, typer.Option("--type", metavar="EDGE", help=", ".join(EdgeType) + ".")]


@app.command("add")
def add(
    context: typer.Context,
    kind: Annotated[NodeKind, typer.Argument(metavar="KIND", help=", ".join(NodeKind) + ".")],
    title: Annotated[str, typer.Argument(metavar="TITLE", help="One line.")],
    description: Description = None,
    confidence: Confidence = None,
    parent: Annotated[str | None, typer.Option(metavar="ID", help="What it hangs on.")] = None,
    edge: Annotated[
        str | None, typer.Option("--edge", metavar="EDGE", help="How it hangs on that; else leads_to.")
    ] = None,
    reason: Reason = "",
    reject: Annotated[
        list[str] | None, typer.Option(metavar="TITLE:WHY", help="An option turned down; repeatable.")
    ] = None,
    file: Files = None,
    failed: Annotated[bool, typer.Option("--failed", help="An outcome that did not work.")] = False,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Add a goal, decision, option, action, outcome, observation or revisit."""
    _refuse_no_parent(parent, edge)
    place = look(folder, context)
    draft = Draft(
        kind,
        title,
        description or "",
        confidence,
        failed,
        below(place, file or []),
        parent or "",
        edge_type(edge or "leads_to"),
        reason,
        tuple(_rejected(text) for text in reject or ()),
    )

    async def work(answers: Answers) -> Done:
        return await answers.graph.add(draft, Origin(), Who(), await where(place.root))

    done = changed(place, work)
    _tell(done, "Already there:" if done.reused else "Added", as_json)


@app.command("link")
def link(
    context: typer.Context,
    start: NodeArgument,
    end: NodeArgument,
    kind: Type = "leads_to",
    reason: Reason = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Draw an edge from the first node to the second; a circle is refused."""
    _tell(
        changed(
            look(folder, context),
            lambda answers: answers.graph.link(start, end, edge_type(kind), reason, Who()),
        ),
        f"{start} {edge_type(kind)}",
        as_json,
    )


@app.command("unlink")
def unlink(
    context: typer.Context,
    start: NodeArgument,
    end: NodeArgument,
    kind: Type = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Take edges from the first node to the second away: one type, or all of them."""
    wanted = edge_type(kind) if kind else None
    done = changed(look(folder, context), lambda answers: answers.graph.unlink(start, end, wanted, Who()))
    _tell(done, f"{start} is no longer linked to", as_json)


@app.command("edit")
def edit(
    context: typer.Context,
    node: NodeArgument,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Another title.")] = None,
    description: Description = None,
    confidence: Confidence = None,
    status: Annotated[
        NodeStatus | None, typer.Option(metavar="STATUS", help=", ".join(NodeStatus) + ".")
    ] = None,
    reason: Reason = "",
    file: Files = None,
    failed: Annotated[bool | None, typer.Option("--failed/--worked", help="Of an outcome.")] = None,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Change a node: words, confidence, status, files."""
    place = look(folder, context)
    named: dict[str, Any] = {
        "title": title,
        "description": description,
        "confidence": confidence,
        "status": status,
        "reason": reason or None,
        "files": below(place, file) if file else None,
        "failed": failed,
    }
    changes = {name: value for name, value in named.items() if value is not None}
    if not changes:
        raise UsageError("Nothing to change was named.", hint=f"These can be: {_EDITABLE}.")
    _tell(changed(place, lambda answers: answers.graph.edit(node, changes, Who())), "Now", as_json)


@app.command("close")
def close(
    context: typer.Context,
    node: NodeArgument,
    abandoned: Annotated[bool, typer.Option("--abandoned", help="It was given up, not reached.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Say that a goal or any other node is done, or was given up."""
    status = NodeStatus.ABANDONED if abandoned else NodeStatus.DONE
    done = changed(look(folder, context), lambda answers: answers.graph.close(node, status, reason, Who()))
    _tell(done, "Closed", as_json)


@app.command("supersede")
def supersede(
    context: typer.Context,
    old: NodeArgument,
    new: NodeArgument,
    reason: Reason = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Let the second node take the place of the first."""
    done = changed(look(folder, context), lambda answers: answers.graph.supersede(old, new, reason, Who()))
    _tell(done, "Superseded", as_json)


@app.command("pivot")
def pivot(
    context: typer.Context,
    old: NodeArgument,
    observation: Annotated[str, typer.Argument(metavar="OBSERVATION", help="What makes it wrong.")],
    new: Annotated[str, typer.Argument(metavar="TITLE", help="The new decision.")],
    confidence: Confidence = None,
    description: Description = None,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Decide anew because of something observed; the old decision is superseded, its files come along."""
    place = look(folder, context)

    async def work(answers: Answers) -> Done:
        at = await where(place.root)
        return await answers.graph.pivot(
            old, observation, new, confidence, Origin(), Who(), at, description or ""
        )

    _tell(changed(place, work), f"{old} is superseded by", as_json)


@app.command("delete")
def delete(
    context: typer.Context,
    node: NodeArgument,
    reason: Reason = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Take a node and its edges away; `graph undo` brings them back."""
    done = changed(look(folder, context), lambda answers: answers.graph.delete(node, reason, Who()))
    _tell(done, "Deleted", as_json)


@app.command("undo")
def undo(context: typer.Context, folder: Folder = None) -> None:
    """Take back the last change of the graph, whoever made it; again for the one before."""
    say(changed(look(folder, context), lambda answers: answers.graph.undo(Who())))


def _tell(done: Done, what: str, as_json: bool) -> None:
    say(to_json({**plain_node(done.node), "notes": list(done.lines)}) if as_json else done.in_words(what))


def _refuse_no_parent(parent: str | None, edge: str | None) -> None:
    if parent is not None and not parent.strip():
        raise UsageError("--parent names no node.", hint="--parent d1, or leave it out.")
    if edge is not None and parent is None:
        raise UsageError("--edge says how it hangs on its parent; name that, too.", hint="--parent d1")


def _rejected(text: str) -> Rejected:
    """A title and why, parted by a colon with a space behind it, else by the first one not in an address."""
    parted = text if ": " in text else _BARE_COLON.sub(": ", text, count=1)
    title, _, why = parted.partition(": ")
    if not title.strip() or not why.strip():
        raise UsageError(f"--reject {text!r} says not why.", hint="--reject 'Use Redis: needs a server'")
    return Rejected(title.strip(), why.strip())
