"""The commit that a repository stands on, read without git."""

from pathlib import Path

from loomkin.project.root import Root


def commit_of(root: Root) -> str:
    """The commit that HEAD names; HEAD's own words where there is none yet or it is kept in another form."""
    if root.git_dir is None:
        return "no repository"
    common = root.common_dir or root.git_dir
    head = words_of(root.git_dir / "HEAD")
    name = head.removeprefix("ref: ")
    if not name.startswith("refs/"):
        return head
    packed = (line.partition(" ") for line in words_of(common / "packed-refs").splitlines())
    return words_of(common / name) or next((commit for commit, _, ref in packed if ref == name), head)


def words_of(file: Path) -> str:
    """The text of a small file of git's, empty where there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
