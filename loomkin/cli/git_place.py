"""How `loomkin commit`, `review` and `pr` reach a model and the books of the repository around a folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a dry run or a message of the person's own needs no session
    from loomkin.app import Open


@asynccontextmanager
async def session_for(cwd: Path, model: str, name: str) -> AsyncIterator["Open"]:
    """A session of its own that bears the cost, named after its purpose; raises what opening one raises."""
    from loomkin.app import open_house, open_session
    from loomkin.cli.ask_run import Nobody
    from loomkin.cli.flags import Flags, options_from

    options = options_from(Flags(folder=cwd, model=model or None, solo=True), attended=False)
    async with open_house(options) as house, open_session(house, None, Nobody()) as opened:
        opened.session.rename(name)
        yield opened
