"""A letter in words, as a model reads it."""

from collections.abc import Iterator

from loomkin.records.mail import Delivery, Mail, MailKind, Priority


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


def when_read(mail: Mail) -> str:
    """When a letter will be read, for whoever sent it."""
    if mail.not_before:
        return "held back as asked"
    if mail.delivery is Delivery.DIGEST:
        return "read with its next mail"
    if mail.delivery is Delivery.INTERRUPT:
        return "interrupts it"
    if mail.delivery is Delivery.TURN_END:
        return "read when it has answered"
    return "read before its next step"
