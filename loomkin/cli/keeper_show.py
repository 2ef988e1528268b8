"""One keeper for people and programs: its card, how it stands, who used it, what it holds."""

import time
from collections.abc import Sequence
from sqlite3 import Row

from loomkin.cli.tables import clean, to_json, when
from loomkin.keepers.catalogue import Entry, plain
from loomkin.keepers.reading import Spread, for_person, read
from loomkin.keepers.staleness import in_words
from loomkin.records.keeper import Keeper
from loomkin.store.database import Database
from loomkin.store.keepers import uses

ALL = 1 << 40
LINES = 40


def shown(database: Database, keeper: Keeper, entry: Entry, *, full: bool, as_json: bool) -> str:
    """What is known of a keeper; with `full` every message in it."""
    card = keeper.card
    spread = Spread(keeper.id, session=keeper.session)
    used = uses(database, keeper.id)
    now = time.time()
    if as_json:
        told = {
            "files_then": {file.path: file.sha for file in keeper.files},
            "symbols": card.symbols, "decisions": card.decisions, "worked": card.worked,
            "failed": card.failed, "lines": card.lines, "message_ids": keeper.messages,
            "used_by": [dict(row) for row in used],
            **({"text": read(database.reader, database.project, spread, now, ALL).text} if full else {}),
        }  # fmt: skip
        return to_json({**plain(entry), **told})
    lines = [
        f"{keeper.id}  {card.title}",
        f"{keeper.kind} of {keeper.agent}, session {keeper.session}, made {when(entry.line.made)}",
        f"{len(keeper.messages)} messages, {keeper.tokens:,} tokens",
        in_words(entry.now, "you"),
        *_listed("Files", [_file(file.path, entry) for file in keeper.files]),
        *_listed("Symbols", card.symbols),
        *_listed("Decisions", card.decisions),
        *_listed("Worked", card.worked),
        *_listed("Failed", card.failed),
        *(f"{when(row['at'])}  {_use(row)}" for row in used),
    ]
    if full:
        lines += ["", read(database.reader, database.project, spread, now, ALL, for_person).text]
    else:
        lines += ["", *card.lines[:LINES]]
        lines += [f"… {len(card.lines) - LINES} more (--full shows all)"] if len(card.lines) > LINES else []
    return clean("\n".join(lines))


def _listed(name: str, entries: Sequence[str]) -> list[str]:
    return [f"{name}: {'; '.join(entries)}"] if entries else []


def _file(path: str, entry: Entry) -> str:
    return f"{path} (changed since)" if path in entry.changed else path


def _use(row: Row) -> str:
    who = row["agent"] or "person"
    said = {1: " (useful)", 0: " (of no use)"}.get(row["useful"], "")
    return f"{who}: {row['how']}{said}{': ' + row['reason'] if row['reason'] else ''}"
