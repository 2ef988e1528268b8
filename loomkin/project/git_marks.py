"""What git is in the middle of, as the files in its own folder say."""

from loomkin.project.root import Root

_IN_PROGRESS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


def in_progress(root: Root) -> str:
    """Merge, rebase, cherry-pick, revert or bisect; empty where nothing is half done."""
    if root.git_dir is None:
        return ""
    return next((word for name, word in _IN_PROGRESS.items() if (root.git_dir / name).exists()), "")
