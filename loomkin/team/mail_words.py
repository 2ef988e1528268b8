"""A letter in words, as a model reads it."""

from collections.abc import Iterator

from loomkin.records.mail import Mail, MailKind, Priority


def in_words(mail: Mail, now: float) -> str:
    """A letter as a model reads it."""
    marks = "".join(_marks(mail, now))
    kind = "order" if mail.kind is MailKind.CONTROL else mail.kind
    return f'<mail id="{mail.id}" from="{mail.sender}" kind="{kind}"{marks}>\n{mail.text}\n</mail>'


def _marks(mail: Mail, now: float) -> Iterator[str]:
    if mail.priority in (Priority.URGENT, Priority.HIGH):
        yield f' priority="{mail.priority}"'
    if mail.task:
        yield f' task="{mail.task}"'
    if mail.correlation:
        yield f' answers="{mail.correlation}"'
    if mail.reply_by:
        yield f' reply_within="{max(0, round(mail.reply_by - now))} s"'
