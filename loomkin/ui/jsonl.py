"""JSON lines to a reader that may be slow: written in a thread, complete line by complete line."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from loomkin.records.event import Event
from loomkin.runtime.bus import Feed
from loomkin.ui.terminal import Writer


def line_of(value: dict[str, Any]) -> str:
    """One JSON object as one line; ASCII only, because some readers split lines at U+2028 too.

    Half surrogates, which stand for undecodable bytes of file names and which no reader takes, become `?`.
    """
    line = json.dumps(value, separators=(",", ":"))
    if "\\ud" in line:
        whole = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        line = json.dumps(json.loads(whole), separators=(",", ":"))
    return line + "\n"


async def follow(feed: Feed, text_of: Callable[[Event], str], writer: Writer) -> None:
    """Write what the events of a feed become, until it is closed and empty.

    Raises BrokenPipeError where nobody reads any more.
    """
    async for event in feed:
        text = text_of(event)
        if text:
            await asyncio.to_thread(writer.write, text)
