"""Where a repository stands at one moment, to tell afterwards whether git did something meanwhile."""

from loomkin.project.git_marks import in_progress
from loomkin.project.head import commit_of, words_of
from loomkin.project.root import Root
from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class GitMoment:
    """The commit and the branch, what git is in the middle of, and the newest stash."""

    commit: str = ""
    head: str = ""
    doing: str = ""
    stash: str = ""

    @property
    def place(self) -> str:
        """The branch, or the beginning of the commit's name."""
        return self.head.removeprefix("ref: refs/heads/") if self.head.startswith("ref:") else self.commit[:8]


def moment(root: Root) -> GitMoment:
    """How it stands now; blocks for the reading of four small files."""
    if root.git_dir is None or root.bare:
        return GitMoment()
    common = root.common_dir or root.git_dir
    parts = (words_of(root.git_dir / "HEAD"), in_progress(root), words_of(common / "refs" / "stash"))
    return GitMoment(commit_of(root), *parts)
