"""What is staged: the files that the next commit changes, their texts, the lines that it adds."""

from collections.abc import Iterator, Sequence

from loomkin.githooks.hook import Git
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_HUNK = pattern(r"@@ -\d+(?:,\d+)? \+(\d+)")


@dataclass(frozen=True, slots=True)
class Staged:
    """One file of the next commit: git's letter, its mode, both its blobs, and the name it had."""

    path: str
    status: str
    mode: str
    before: str
    after: str
    earlier: str = ""


def against(git: Git) -> str:
    """The commit that the next one stands on, or the empty tree."""
    return head(git) or empty_tree(git)


def head(git: Git) -> str:
    """The commit that the next one stands on; nothing before the first."""
    return git.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}", codes=(0, 1, 128)).strip()


def empty_tree(git: Git) -> str:
    """The tree without files, which stands in for the commit before the first."""
    made = git.data("hash-object", "-t", "tree", "--stdin", stdin=b"").decode().strip()
    return made or EMPTY_TREE


def staged(git: Git, base: str, *, renames: bool = False) -> list[Staged]:
    """The files that differ between a commit and the index."""
    how = "--find-renames" if renames else "--no-renames"
    raw = git.text("diff-index", "--cached", "--raw", "-z", "--no-abbrev", how, base, "--")
    return list(_read(iter(raw.split("\0"))))


def _read(fields: Iterator[str]) -> Iterator[Staged]:
    for field in fields:
        if not field.startswith(":"):
            continue
        _, mode, before, after, status = field.split(" ")
        path = next(fields)
        earlier = ""
        if status[0] in "RC":
            earlier, path = path, next(fields)
        yield Staged(path, status[0], mode, before, after, earlier)


@dataclass(frozen=True, slots=True)
class Added:
    """One line that the commit adds."""

    path: str
    number: int
    text: str


def added_lines(git: Git, base: str) -> list[Added]:
    """Every line of text that differs from a commit; of binary files there are none."""
    diff = git.text("diff-index", "--cached", "-p", "--no-color", "--no-renames", "-U0", "--src-prefix=a/",
                    "--dst-prefix=b/", "--diff-filter=AMT", base, "--")  # fmt: skip
    return list(_added(diff.split("\n")))


def _added(lines: Sequence[str]) -> Iterator[Added]:
    path, number, inside = "", 0, False
    for line in lines:
        if line.startswith("diff --git "):
            inside = False
        elif not inside and line.startswith("+++ "):
            path = _name(line[4:])
        elif hunk := _HUNK.match(line):
            number, inside = int(hunk[1]), True
        elif inside and line.startswith("+"):
            yield Added(path, number, line[1:])
            number += 1


def _name(shown: str) -> str:
    """The path behind `b/`, also where git quotes it."""
    shown = shown.rstrip("\t")
    if shown.startswith('"'):
        quoted = shown[1:-1].encode("utf-8", "surrogateescape").decode("unicode_escape")
        shown = quoted.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
    return shown.removeprefix("b/")
