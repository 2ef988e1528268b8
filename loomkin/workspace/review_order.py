"""What a reviewer is asked: the change, how to see more of it, and in which form to answer."""

from loomkin.project.diff_cut import fitted, pieces
from loomkin.project.git_base import Subject
from loomkin.project.git_changes import listed
from loomkin.project.secrets import is_secret_path

DIFF_CHARS = 30_000
_REVIEW = (
    "Review {title}. {how}\n{wish}\nReport the verdict first, then each fault in one line: "
    "`path:line: what happens, when; a mend`.\n\n{diff}"
)


def order(subject: Subject, wish: str = "") -> str:
    """What a reviewer is asked."""
    _, every = pieces(subject.diff)
    files = [one for one in every if not is_secret_path(one.path)]
    hint = f"See them with git_read diff, args `{subject.how.partition(' ')[2]} -- PATH`."
    diff = fitted(files, DIFF_CHARS, hint) if every else subject.diff[:DIFF_CHARS]
    operation, _, args = subject.how.partition(" ")
    how = (
        f"git_read {operation} with args `{args}` shows it again."
        if args
        else f"git_read {operation} shows it again."
    )
    new = f"New files, not in the diff; file_read shows them: {listed(subject.new)}." if subject.new else ""
    return _REVIEW.format(title=subject.title, how=how, wish="\n".join(filter(None, (wish, new))), diff=diff)
