"""Cards in words: what stands in a window for the messages that a keeper holds."""

from collections.abc import Iterable, Sequence

from loomkin.records.ids import KeeperId
from loomkin.records.keeper import Keeper

SHARE = 10
"""The part of a window, one in so many, that all cards together may take."""
LEAST = 2_000
"""Characters that the cards may take in however small a window."""
A_CARD = 900
"""Most characters of a card."""
FILES = 12
"""Most files that a card names."""
A_LINE = 120
_CHARACTERS = 3
"""Of a token, on the careful side."""
_ENVELOPE = 25
"""Characters that a message costs besides its text."""


def cards(keepers: Sequence[Keeper]) -> dict[KeeperId, str]:
    """The text of each card, newest keepers in full while there is room, then a line each, then one for all.

    Depends on the keepers alone, so that the window is the same whenever it is made.
    """
    if not keepers:
        return {}
    room = _room(keepers[-1].window)
    short = {keeper.id: _line(keeper) for keeper in keepers}
    # every older one must still find room for its line
    spare = room - sum(map(_cost, short.values()))
    told: dict[KeeperId, str] = {}
    for keeper in reversed(keepers):
        whole = _whole(keeper)
        spare -= _cost(whole) - _cost(short[keeper.id])
        if spare < 0 and told:
            break
        told[keeper.id] = whole
    rest = [keeper for keeper in keepers if keeper.id not in told]
    room -= sum(map(_cost, told.values())) + A_LINE
    for keeper in reversed(rest):
        room -= _cost(short[keeper.id])
        if room < 0:
            break
        told[keeper.id] = short[keeper.id]
    together = [keeper for keeper in rest if keeper.id not in told]
    if together:
        told[together[-1].id] = _together(together)
    return {keeper.id: told[keeper.id] for keeper in keepers if keeper.id in told}


def tokens_of_cards(window: int) -> int:
    """About the most tokens that cards take in a window of that size."""
    return _room(window) // _CHARACTERS


def _room(window: int) -> int:
    return max(LEAST, window * _CHARACTERS // SHARE)


def _cost(text: str) -> int:
    return len(text) + _ENVELOPE


def _whole(keeper: Keeper) -> str:
    card, identity = keeper.card, keeper.id
    head = (
        f'<keeper id="{identity}" messages="{len(keeper.messages)}" tokens="{keeper.tokens}">\n'
        f"{card.title}\nMoved out of your window by loomkin; kept word for word."
    )
    tail = f"{_reading(identity, card.files)}\n</keeper>"
    left = A_CARD - len(head) - len(tail)
    filed = _filed(card.files, max(0, left) // 2)
    lines = [filed] if filed else []
    left -= len(filed)
    for name, entries, share in (
        ("Worked", card.worked, 3), ("Failed", card.failed, 2),
        ("Decisions", card.decisions, 2), ("Symbols", card.symbols, 1),
    ):  # fmt: skip
        line = _listed(name, entries, max(0, left) // share)
        left -= len(line) + 1
        lines += [line] if line else []
    return "\n".join([head, *lines, tail])


def _reading(identity: KeeperId, files: Sequence[str]) -> str:
    one = f', file="{files[0].rpartition("/")[2]}") for one file' if files else ")"
    return f'Read it: context_search(query, keeper="{identity}"), context_read(keeper="{identity}"{one}.'


def _filed(files: Sequence[str], room: int) -> str:
    """As many files as there is room for, folder by folder, and how many more there are."""
    for count in range(min(len(files), FILES), 0, -1):
        folders: dict[str, list[str]] = {}
        for path in files[:count]:
            folder, slash, name = path.rpartition("/")
            folders.setdefault(folder + slash, []).append(name)
        named = [
            f"{folder}: {', '.join(names)}" if folder and len(names) > 1 else folder + ", ".join(names)
            for folder, names in folders.items()
        ]
        more = f" (+{len(files) - count})" if count < len(files) else ""
        text = f"Files: {'; '.join(named)}{more}"
        if len(text) <= room:
            return text
    return ""


def _line(keeper: Keeper) -> str:
    title = keeper.card.title[: A_LINE // 2]
    files = _listed("", keeper.card.files, 40)
    text = f"{title}; {files}" if files else title
    return f'<keeper id="{keeper.id}" messages="{len(keeper.messages)}">{text}</keeper>'


def _together(keepers: Sequence[Keeper]) -> str:
    count = sum(len(keeper.messages) for keeper in keepers)
    named = f"{keepers[0].id} to {keepers[-1].id}" if len(keepers) > 1 else keepers[0].id
    return f'<keeper id="{named}" messages="{count}">Older: context_search finds what they hold.</keeper>'


def _listed(name: str, entries: Iterable[str], room: int) -> str:
    """As many entries as there is room for, and how many more there are; nothing where none fits."""
    all_of_them = list(entries)
    label = f"{name}: " if name else ""
    for count in range(len(all_of_them), 0, -1):
        more = f" (+{len(all_of_them) - count})" if count < len(all_of_them) else ""
        text = label + "; ".join(all_of_them[:count]) + more
        if len(text) <= room:
            return text
    return ""
