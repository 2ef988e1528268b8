"""The texts of what is staged, before and after, for whoever compares their definitions."""

from collections.abc import Sequence

from loomkin.codemap.commit_draft import FileChange
from loomkin.githooks.hook import Git
from loomkin.githooks.staged import Staged
from loomkin.project.grammars import LARGEST, language_of

MOST_READ = 40
"""Files whose definitions are compared."""
_GITLINK = "160000"


def file_changes(git: Git, files: Sequence[Staged]) -> list[FileChange]:
    """The same with the texts of files that a grammar reads."""
    read = [one for one in files if one.status in "MR" and one.mode != _GITLINK and language_of(one.path)]
    wanted = list(dict.fromkeys(blob for one in read[:MOST_READ] for blob in (one.before, one.after)))
    texts = blobs(git, wanted)
    return [
        FileChange(one.path, one.status, texts.get(one.before), texts.get(one.after), one.earlier)
        for one in files
    ]


def blobs(git: Git, names: Sequence[str]) -> dict[str, str]:
    """Texts by the names of their blobs; what is large or not text is left out."""
    if not names:
        return {}
    answer = git.data("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode())
    found: dict[str, str] = {}
    at = 0
    for name in names:
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        if len(words) != 3:
            at = end + 1
            continue
        size = int(words[2])
        data = answer[end + 1 : end + 1 + size]
        at = end + 2 + size
        if size <= LARGEST and b"\0" not in data:
            found[name] = data.decode("utf-8", "replace")
    return found
