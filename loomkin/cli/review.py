"""`loomkin review`: a reviewer reads a change and says what breaks, with file and line."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.git_place import session_for
from loomkin.cli.place import AsJson, Folder, look, say, single
from loomkin.cli.tables import to_json
from loomkin.errors import LoomkinError
from loomkin.project.git_base import Subject, find_subject
from loomkin.project.problem import Problem
from loomkin.records.regex import pattern

app = single("Have a change read by a reviewer.")
_FINDING = pattern(
    r"^[\s>*-]*(?:\d+[.)]\s*)?[`*(\[]*(?P<path>[^\s`:*()\[\]]+):(?P<line>\d+)(?:-\d+)?[`*)\]]*:?\s*(?P<text>.+)$"
)
_REFUSED = pattern(r"(?i)\b(changes? (?:needed|requested|required)|needs? changes?|request changes)\b")


@app.command()
def review(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHAT]...",
            help="staged, worktree, branch [BASE], a branch, a commit or a range; else what there is.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where changes are needed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be read, ask no model.")
    ] = False,
    model: Annotated[str, typer.Option("-m", "--model", metavar="ID", help="The model that reads.")] = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Review a change without changing anything."""
    cwd = look(folder).cwd
    words = " ".join(what or ())
    subject = asyncio.run(_subject(cwd, words))
    if dry_run:
        text = f"Would review {subject.title}.\n{subject.diff}".rstrip()
        say(to_json({"title": subject.title, "diff": subject.diff}) if as_json else text)
        return
    said = asyncio.run(_reviewed(cwd, words, model, subject))
    refused = bool(_REFUSED.search(said))
    if as_json:
        say(
            to_json(
                {"title": subject.title, "changes_needed": refused, "findings": findings(said), "text": said}
            )
        )
    else:
        say(f"Review of {subject.title}:\n\n{said}")
    if strict and refused:
        raise typer.Exit(1)


def findings(text: str) -> list[dict[str, object]]:
    """The lines of a review that name a place, taken apart."""
    found = (_FINDING.match(line) for line in text.splitlines())
    return [
        {"path": one["path"], "line": int(one["line"]), "text": one["text"].strip()} for one in found if one
    ]


async def _subject(cwd: Path, words: str) -> Subject:
    found = await find_subject(cwd, words)
    if isinstance(found, Problem):
        raise LoomkinError(found.what, hint=found.hint)
    return found


async def _reviewed(cwd: Path, words: str, model: str, subject: Subject) -> str:
    async with session_for(cwd, model, f"review of {subject.title}"[:80]) as opened:
        assert opened.session.git is not None
        return (await opened.session.git.review(words))[1]
