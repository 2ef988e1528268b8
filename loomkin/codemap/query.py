"""What somebody looks for, as terms with weights, names and paths."""

from collections.abc import Sequence

from loomkin.codemap.words import Pieces, names_in
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

MOST_TERMS = 60
NAMED = 2.5
"""How much more a term tells that is part of a name as code writes it."""
LEADING = 1.6
"""How much more the words of the first line tell."""
_STOP_WORDS = (
    "a about above add added after again all allow also always am an and any are as at avoid be because been"
    " before being below between both but by bug can case change changed changes check code correct could did"
    " do does doing done don down during each either else ensure even ever every fix fixed fixes for from get"
    " give given had has have he her here his how if in improve instead into is issue it its itself just let"
    " like make makes making many may me might missing more most much must my need needs never new no nor not"
    " now of off old on once one only or other our out over own pull remove removed request same see set she"
    " should since so some still such support than that the their them then there these they this those to"
    " too under until up update updated use used uses using very via want was way we were what when where"
    " which while who why will with without work works would yet you your https http com github www org"
)
_STOP = frozenset(_STOP_WORDS.split())
_NAME_LIKE = pattern(r"_|[a-z][A-Z]|[A-Z][a-z]+[A-Z]|\d")
_CODE = pattern(r"`([^`\n]+)`")
_CALL = pattern(r"([^\W\d]\w+)(?:\(\)|(?=[#:.]{1,2}[^\W\d]))")
_PATH = pattern(r"[\w.@+-]*(?:/[\w.@+-]+)+/?|[\w-]+\.[A-Za-z]{1,5}\b")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request: terms with their weights, names as they are written, and what may be paths."""

    terms: dict[str, float]
    names: frozenset[str]
    paths: tuple[str, ...]


def wanted(text: str, known: Pieces) -> Wanted:
    """Read a request in somebody's words."""
    code = " ".join(_CODE.findall(text))
    names = {one for one in names_in(text) if _NAME_LIKE.search(one)}
    names |= set(names_in(code)) | set(_CALL.findall(text))
    names = {one for one in names if one.lower() not in _STOP}
    terms: dict[str, float] = {}
    first = text.strip().partition("\n")[0]
    for part, weight in ((first, LEADING), (text, 1.0)):
        for word in names_in(part):
            if word.lower() not in _STOP:
                worth = weight * (NAMED if word in names else 1.0)
                for piece in known[word]:
                    if piece not in _STOP:
                        terms[piece] = max(terms.get(piece, 0.0), worth)
    kept = sorted(terms, key=lambda term: -terms[term])[:MOST_TERMS]
    return Wanted({term: terms[term] for term in kept}, frozenset(names), _paths(text))


def _paths(text: str) -> tuple[str, ...]:
    found: Sequence[str] = _PATH.findall(text)
    return tuple(dict.fromkeys(one.strip("./").removesuffix("/") for one in found if len(one) > 3))
