"""Judges every file that a call touches, whatever tool or command touches it."""

from collections.abc import Collection
from pathlib import Path

from loomkin.permissions.file_table import Touch
from loomkin.permissions.offers import file_offers
from loomkin.permissions.paths import Place, is_inside, is_neutral
from loomkin.permissions.rulebook import RuleBook
from loomkin.permissions.verdicts import always_asks, built_in, by_rule
from loomkin.project.secrets import is_secret_path
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Decision, Mode, Verdict

_VERBS = {Touch.LIST: "looks at", Touch.READ: "reads", Touch.WRITE: "writes"}


@dataclass(frozen=True, slots=True)
class Cover:
    """How far a permission for a command covers the files that it opens."""

    inside: bool = False
    everywhere: bool = False


_NO_COVER = Cover()


class FilePolicy:
    """Decides about one file at a time."""

    def __init__(
        self,
        book: RuleBook,
        mode: Mode,
        roots: tuple[str, ...],
        readable: tuple[str, ...],
        opened: frozenset[str],
    ) -> None:
        self._book = book
        self._mode = mode
        self._roots = roots
        self._readable = (*roots, *readable)
        self._opened = opened

    def judge(self, tool: str, touch: Touch, place: Place, cover: Cover = _NO_COVER) -> Verdict:
        """The verdict on one file; `cover` is what the permission for its command already includes."""
        denied = self._denied(tool, touch, place)
        if denied is not None:
            return denied
        what = f"It {_VERBS[touch]} {place.path}"
        if is_neutral(place.path):
            return built_in(Decision.ALLOW, f"{what}, which keeps nothing.", "no real file")
        if self._mode is Mode.PLAN and touch is Touch.WRITE:
            return built_in(Decision.DENY, f"{what}, and plan mode writes nothing.", "plan mode")
        if self._mode is Mode.YOLO:
            return built_in(Decision.ALLOW, f"{what}; yolo mode asks nothing.", "yolo mode")
        asks = self._book.for_path(Decision.ASK, tool, touch, place)
        if asks is not None:
            return by_rule(asks, f"{what}, and a rule asks about that.", self._offers(touch, place))
        if cover.everywhere:
            return built_in(Decision.ALLOW, f"{what} as the allowed command says.", "allowed command")
        allows = self._book.for_path(Decision.ALLOW, tool, touch, place)
        if allows is not None:
            return by_rule(allows, f"{what}, which a rule allows.")
        return self._by_mode(tool, touch, place, what, cover)

    def _denied(self, tool: str, touch: Touch, place: Place) -> Verdict | None:
        if touch is not Touch.LIST and self._opened.isdisjoint(place.forms):
            secret = next((form for form in place.forms if is_secret_path(form)), "")
            if secret:
                reason = f"{secret} holds secrets by its name; a person can open it, a rule cannot."
                return built_in(Decision.DENY, reason, "secret file")
        rule = self._book.for_path(Decision.DENY, tool, touch, place)
        if rule is None:
            return None
        return by_rule(rule, f"It {_VERBS[touch]} {place.path}, which the rule {rule.text} denies.")

    def _by_mode(self, tool: str, touch: Touch, place: Place, what: str, cover: Cover) -> Verdict:
        offers = self._offers(touch, place)
        below = self._book.denied_below(place) if tool == "shell" and touch is Touch.READ else None
        if below is not None and not cover.inside:
            reason = f"{what}, which holds what the rule {below.text} denies."
            return Verdict(Decision.ASK, reason, below.text, below.source)
        if touch is not Touch.WRITE:
            if is_inside(place.real, self._readable):
                return built_in(Decision.ALLOW, f"{what} in the project.", "read in the project")
            return built_in(Decision.ASK, f"{what}, outside the project.", "outside the project", offers)
        if not is_inside(place.real, self._roots):
            return built_in(Decision.ASK, f"{what}, outside the project.", "outside the project", offers)
        protected = next(filter(None, map(self._book.protection, place.forms)), "")
        if protected:
            return always_asks(f"{what}; {protected} is protected.", f"protected path {protected}")
        if cover.inside:
            return built_in(Decision.ALLOW, f"{what} as the allowed command says.", "allowed command")
        if self._mode in (Mode.EDITS, Mode.AUTO):
            return built_in(Decision.ALLOW, f"{what} in the project.", f"{self._mode} mode")
        return built_in(Decision.ASK, f"{what}.", "writing asks", offers)

    def _offers(self, touch: Touch, place: Place) -> tuple[str, ...]:
        if touch is Touch.WRITE and any(map(self._book.protection, place.forms)):
            return ()
        return file_offers("file_edit" if touch is Touch.WRITE else "file_read", place.path, self._roots)


def both_forms(folders: Collection[Path]) -> tuple[str, ...]:
    """Each folder as named and with symbolic links followed."""
    found: dict[str, None] = {}
    for folder in folders:
        absolute = folder.absolute()
        found[str(absolute)] = None
        found[str(absolute.resolve())] = None
    return tuple(found)
