"""AI comments as one order to an agent: what they say, where, and the code around them."""

from collections.abc import Mapping, Sequence

from loomkin.project.ai_comments import AiComment, Wish
from loomkin.records.message import ANSWER_ONLY, FROM_FILES

AROUND = 8
"""Lines of code that are shown before and after a comment."""
MOST_COMMENTS = 20
MOST_LINE = 300
HEADLINE = 120
"""Characters of a comment that the person is shown of an order."""
_WANTED = {Wish.DO: "do it", Wish.ASK: "answer it", Wish.ALONG: "context"}
DO = "Do what the AI! comments ask for. When it is done, remove every AI comment listed here from its file."
BOTH = (
    "Do what the AI! comments ask for, and answer the AI? ones. When it is done, remove every AI comment "
    "listed here from its file."
)


def order(comments: Sequence[AiComment], texts: Mapping[str, str]) -> str:
    """The words of the order; `texts` are those of the files by their paths."""
    wishes = {one.wish for one in comments}
    closing = BOTH if {Wish.DO, Wish.ASK} <= wishes else DO if Wish.DO in wishes else ANSWER_ONLY
    shown = comments[:MOST_COMMENTS]
    rows = [f"{FROM_FILES} {'one order' if len(shown) > 1 else 'an order'}:"]
    rows += [f"- {one.path}:{one.first} ({_WANTED[one.wish]}): {one.text}" for one in shown]
    if len(comments) > len(shown):
        rows.append(f"- and {len(comments) - len(shown)} more: find them with content_search.")
    rows += [f"\n{path}:\n{code}" for path, code in _code(shown, texts)]
    return "\n".join((*rows, f"\n{closing}"))


def headline(comments: Sequence[AiComment]) -> str:
    """One line for the person: where the order stands and how it begins."""
    first = next((one for one in comments if one.wish is not Wish.ALONG), comments[0])
    more = f" (and {len(comments) - 1} more)" if len(comments) > 1 else ""
    words = first.text if len(first.text) <= HEADLINE else f"{first.text[: HEADLINE - 1]}…"
    return f"{first.path}:{first.first} {words}{more}"


def _code(comments: Sequence[AiComment], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The numbered lines around the comments of each file, in pieces that do not overlap."""
    found = []
    for path in dict.fromkeys(one.path for one in comments):
        lines = texts.get(path, "").splitlines()
        wanted = {
            number
            for one in comments
            if one.path == path
            for number in range(max(1, one.first - AROUND), min(len(lines), one.last + AROUND) + 1)
        }
        rows: list[str] = []
        for number in sorted(wanted):
            if rows and number - 1 not in wanted:
                rows.append("     …")
            rows.append(f"{number:>6}→{lines[number - 1][:MOST_LINE]}")
        found.append((path, "\n".join(rows)))
    return found
