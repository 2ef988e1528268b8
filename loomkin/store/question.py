"""What a query tells of where its answer stands: which of its words, and whose words are meant."""

from collections.abc import Mapping
from typing import Any

from loomkin.records.regex import pattern

PERSON = 1.2
"""What the person's own words count, beside others with the same words."""
NAMED, OF_NAMED = 1.5, 1.15
"""What words count whose speaker the query names, and results that such an agent got."""
LOOKED_AT, OPENING = 0.75, 0.5
"""What counts that was only read, and is there still; and what every agent is told at its beginning."""
ASKING = 0.15
"""What words count that belong to the question and not to its answer."""

_WORD = pattern(r"[\w-]+")
_QUESTION = pattern(
    r"\?\s*$|^\s*(?:who|whom|whose|what|when|where|which|why|how|did|does|do|is|was|may|must|should|can)\b"
)
PROSE = 5
"""Words from which on a query is taken for a sentence."""
_ASKED = (
    "again already answer answered any anybody anyone anything ask asked before came come comes done else"
    " ever everything exactly finally find first found get give go goes gone got happen happened happens"
    " just know let long look looked made make makes many may mean means might much must nobody nothing"
    " now often once only person please really reason said say says shall should somebody someone"
    " something still take tell tells then think thought told too took tried tries try trying use used"
    " uses very want wanted went while without work worked written wrong wrote yet"
)
_OF_QUESTIONS = frozenset(_ASKED.split())
_PERSON = frozenset(("allowed", "i", "me", "my", "user", "users"))
_LOOKING = frozenset(
    (
        "content_search", "directory_list", "file_read", "file_search", "git", "git_read", "tool_search",
        "web_fetch",
    )
)  # fmt: skip


class Question:
    """The words of somebody who looks for something."""

    def __init__(self, query: str) -> None:
        low = query.lower()
        words = _WORD.findall(low)
        self._words = frozenset(words)
        self._asks = len(words) >= PROSE or bool(_QUESTION.search(low))
        self._of_person = not _PERSON.isdisjoint(self._words)

    def share(self, term: str) -> float:
        """How much a term of the query says about the answer."""
        return ASKING if self._asks and term in _OF_QUESTIONS else 1.0

    def worth(self, sender: str, agent: str, fact: Mapping[str, Any]) -> float:
        """What an event counts as the answer, beside others with the same words."""
        found = 1.0
        if (sender in self._words and sender != "loomkin") or (sender == "person" and self._of_person):
            found = NAMED
        elif agent in self._words:
            found = OF_NAMED
        if sender == "person":
            return found * PERSON
        if sender != "loomkin":
            return found
        parts = fact["message"]["parts"]
        results = [part for part in parts if part["_"] == "ToolResult"]
        if results:
            looked = all(part["name"] in _LOOKING and not part["is_error"] for part in results)
            return found * LOOKED_AT if looked else found
        return found * OPENING if parts and parts[0].get("text", "").startswith("<environment>") else found
