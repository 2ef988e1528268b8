"""A commit's message drafted from what changed, symbol by symbol, in the style of the repository."""

import os
from collections.abc import Iterable, Sequence

from loomkin.codemap.changes import Change, SymbolChange, changed_symbols
from loomkin.project.commit_style import CommitStyle, subject_in
from loomkin.records.dataclass import dataclass

_NAMES, _PHRASES, _LINES = 3, 3, 12
_DOCUMENTS = (".md", ".rst", ".txt", ".adoc", ".org")
_BUILDING = frozenset(
    ("Makefile", "Dockerfile", "pyproject.toml", "setup.py", "setup.cfg", "package.json", "Cargo.toml",
     "go.mod", "pom.xml", "build.gradle", "CMakeLists.txt", "requirements.txt", "Gemfile", "tox.ini")
)  # fmt: skip
_VERBS = {Change.ADDED: "add", Change.RENAMED: "rename", Change.CHANGED: "change", Change.REMOVED: "remove"}
_WHERE = {Change.ADDED: "to", Change.CHANGED: "in", Change.REMOVED: "from"}


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of a commit with both its texts; `status` is git's letter, `earlier` the name it had.

    A text is None where it is not there, not text, or too large to be looked into.
    """

    path: str
    status: str
    before: str | None = None
    after: str | None = None
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What happened to names, in one place or several: `add parse_duration to utils`."""

    verb: str
    names: tuple[str, ...]
    preposition: str = ""
    places: tuple[str, ...] = ()

    def words(self, said: str = "") -> str:
        """The phrase; the place is left out where it was `said` just before."""
        place = self.places[0] if len(self.places) == 1 and self.places[0] != said else ""
        where = f" {self.preposition} {place}" if place and self.preposition else ""
        return f"{self.verb} {_listed(self.names)}{where}"


def draft(files: Sequence[FileChange], style: CommitStyle) -> str:
    """The message, empty where nothing changed: a subject, and a body where the repository writes them."""
    if not files:
        return ""
    sorts = {one.path: sort_of(one.path) for one in files}
    told = [one for one in files if sorts[one.path] == "source"] or list(files)
    phrases = _phrases(told)
    kind, area = _kind(sorts.values(), phrases, told), _area([one.path for one in told], style)
    subject, left = _subject(phrases, style, kind, area)
    body = "\n".join(_body(files)) if left and style.body and len(files) > 1 else ""
    return f"{subject}\n\n{body}" if body else subject


def subject_of(files: Sequence[FileChange], style: CommitStyle, words: str) -> str:
    """A subject of the person's own words, with the type and area of what changed."""
    sorts = {one.path: sort_of(one.path) for one in files}
    told = [one for one in files if sorts[one.path] == "source"] or list(files)
    kind = _kind(sorts.values(), _phrases(told), told)
    return subject_in(style, words, kind, _area([one.path for one in told], style))


def sort_of(path: str) -> str:
    """Whether a file is a test, a document, part of the build, or source."""
    folders, name = path.split("/")[:-1], path.rpartition("/")[2]
    stem = name.split(".")[0]
    if {"test", "tests", "spec", "specs", "__tests__"} & set(folders) or (
        stem.startswith("test_") or stem.endswith(("_test", "_spec")) or ".test." in name or ".spec." in name
    ):
        return "test"
    if name.lower().endswith(_DOCUMENTS) or (folders and folders[0] in ("doc", "docs")):
        return "docs"
    if name in _BUILDING or name.endswith((".lock", ".lockb")) or (folders and folders[0] == ".github"):
        return "build"
    return "source"


def _phrases(files: Iterable[FileChange]) -> list[_Phrase]:
    names: dict[Change, list[tuple[str, str]]] = {}
    added, gone, moved, rest = [], [], [], []
    for one in files:
        if one.status == "A":
            added.append(one.path)
        elif one.status == "D":
            gone.append(one.path)
        else:
            if one.earlier:
                moved.append((one.earlier, one.path))
            found = _symbols(one)
            for symbol in found:
                named = f"{_short(symbol.before)} to {_short(symbol.name)}" if symbol.before else ""
                names.setdefault(symbol.kind, []).append((named or _short(symbol.name), one.path))
            if not found and not one.earlier:
                rest.append(one.path)
    phrases = [_of_symbols(Change.ADDED, names)]
    phrases += [_of_files("add", added), *(_moved(earlier, now) for earlier, now in moved)]
    phrases += [_of_symbols(kind, names) for kind in (Change.RENAMED, Change.CHANGED, Change.REMOVED)]
    phrases += [_of_files("remove", gone), _of_files("update", rest)]
    return [one for one in phrases if one is not None]


def _symbols(one: FileChange) -> tuple[SymbolChange, ...]:
    if one.before is None or one.after is None:
        return ()
    return changed_symbols(one.path, one.before, one.after) or ()


def _of_symbols(kind: Change, names: dict[Change, list[tuple[str, str]]]) -> _Phrase | None:
    found = names.get(kind, [])
    if not found:
        return None
    places = tuple(dict.fromkeys(_module(path) for _, path in found))
    return _Phrase(_VERBS[kind], tuple(name for name, _ in found), _WHERE.get(kind, ""), places)


def _of_files(verb: str, paths: Sequence[str]) -> _Phrase | None:
    if not paths:
        return None
    if len(paths) > _NAMES:
        folder = os.path.commonpath([os.path.dirname(path) for path in paths])
        return _Phrase(verb, (f"{len(paths)} files",), "in", (folder,) if folder else ())
    names = [path.rpartition("/")[2] for path in paths]
    return _Phrase(verb, tuple(names if len(set(names)) == len(names) else paths))


def _moved(earlier: str, now: str) -> _Phrase:
    (old_folder, _, old), (folder, _, new) = earlier.rpartition("/"), now.rpartition("/")
    if old == new:
        return _Phrase("move", (f"{old} to {folder or 'the top folder'}",))
    return _Phrase("rename", (f"{old} to {new if folder == old_folder else now}",))


def _subject(phrases: Sequence[_Phrase], style: CommitStyle, kind: str, area: str) -> tuple[str, bool]:
    """As many phrases as the longest usual subject has room for, and whether any name is left out."""
    words, said, used = phrases[0].words(), "".join(phrases[0].places[:1]), 1
    for one in phrases[1:_PHRASES]:
        longer = f"{words}; {one.words(said)}"
        if "…" in subject_in(style, longer, kind, area):
            break
        words, said, used = longer, "".join(one.places[:1]), used + 1
    # Conventional Commits begin small where a repository has no other habit
    begun = words if style.conventional else words[0].upper() + words[1:]
    subject = subject_in(style, begun, kind, area)
    left = used < len(phrases) or any(len(one.names) > _NAMES for one in phrases) or "…" in subject
    return subject, left


def _body(files: Sequence[FileChange]) -> list[str]:
    lines = []
    for one in files[:_LINES]:
        words = "; ".join(phrase.words(_module(one.path)) for phrase in _phrases([one]))
        lines.append(f"- {one.path}: {words}" if _symbols(one) or "/" in one.path else f"- {words}")
    if len(files) > _LINES:
        lines.append(f"- and {len(files) - _LINES} more files")
    return lines


def _kind(sorts: Iterable[str], phrases: Sequence[_Phrase], told: Sequence[FileChange]) -> str:
    """The type of Conventional Commits that fits best."""
    found = set(sorts)
    if found <= {"docs"}:
        return "docs"
    if found <= {"test"}:
        return "test"
    if found <= {"build", "docs"}:
        return "build"
    verbs = {one.verb for one in phrases}
    if "add" in verbs:
        return "feat"
    if verbs <= {"rename", "move", "remove"}:
        return "refactor"
    return "fix" if any(one.before is not None for one in told) else "chore"


def _area(paths: Sequence[str], style: CommitStyle) -> str:
    """Where it happened, by a name that the repository uses, else the folder or module of all files."""
    parts = [{*path.split("/")[:-1], _module(path)} for path in paths]
    shared = set.intersection(*parts) if parts else set()
    for area in style.areas:
        if area in shared:
            return area
    folder = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else ""
    return _module(paths[0]) if len(paths) == 1 else folder.rpartition("/")[2]


def _module(path: str) -> str:
    folder, _, name = path.rpartition("/")
    stem = name.split(".")[0] or name
    own = stem in ("__init__", "index", "mod", "lib", "main") and folder
    return folder.rpartition("/")[2] if own else stem


def _short(name: str) -> str:
    """A dotted name without what it is deeply nested in."""
    return ".".join(name.split(".")[-2:])


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:_NAMES])
    if len(names) > _NAMES:
        return f"{', '.join(shown)} and {len(names) - _NAMES} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
