"""The message where there is none: a model's words in its time, else what the symbols say."""

import asyncio
from collections.abc import Sequence

from loomkin.codemap.commit_draft import draft
from loomkin.errors import LoomkinError
from loomkin.githooks.hook import Call, Git
from loomkin.githooks.message_file import MessageFile
from loomkin.githooks.staged import Staged
from loomkin.githooks.texts import file_changes
from loomkin.project.commit_style import read_style


def drafted(
    call: Call, git: Git, message: MessageFile, files: Sequence[Staged]
) -> tuple[MessageFile, tuple[str, ...], tuple[str, ...]]:
    """The file with the draft, what to tell of it, and the model whose words it has."""
    style = asyncio.run(read_style(call.root.path, call.loaded.settings.git.commit_style))
    plain = draft(file_changes(git, files), style)
    if call.settings.draft != "model" or not call.model:
        return message.begun(plain), (), ()
    from loomkin.githooks.wording import worded  # heavy: late on purpose

    try:
        said = worded(call, git, style, plain)
    except LoomkinError as error:
        why = " ".join(error.message.split())
        return message.begun(plain), (f"no model drafted the message, the symbols did: {why}",), ()
    return message.begun(said), (), (call.model,)
