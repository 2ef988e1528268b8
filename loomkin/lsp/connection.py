"""JSON-RPC with one server: every request ends in time, and every question of the server is answered."""

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from loomkin.lsp.errors import Declined, Gone, NoAnswer
from loomkin.lsp.frames import Frames, framed

CHUNK = 1 << 16
LARGE = 1 << 18
"""Bytes of a message that is read in a thread, so that the loop goes on."""

MOST_UNSENT = 64 << 20
METHOD_NOT_FOUND, INVALID, CANCELLED = -32601, -32600, -32800


class UnknownMethod(Exception):
    """A question of the server that nobody here can answer."""


class Connection:
    """One conversation; `run` reads until the server is silent for ever, then every request ends."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        heard: Callable[[str, Any], None],
        asked: Callable[[str, Any], Any],
    ) -> None:
        """`heard` takes notifications; `asked` answers questions, or raises UnknownMethod."""
        self._reader = reader
        self._writer = writer
        self._heard = heard
        self._asked = asked
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._over = ""
        self.strange = 0

    async def request(self, method: str, params: Any, seconds: float) -> Any:
        """The result; raises Gone, NoAnswer and Declined."""
        number = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            self._give_up(number)
            raise NoAnswer(f"no answer to {method} within {seconds:g} s") from None
        except asyncio.CancelledError:
            self._give_up(number)
            raise
        finally:
            self._waiting.pop(number, None)

    def notify(self, method: str, params: Any) -> None:
        """Tell the server something; raises Gone."""
        self._send({"method": method, "params": params})

    async def run(self) -> None:
        """Read to the end of the server's words; raises Gone where they make no sense."""
        frames = Frames()
        try:
            while data := await self._reader.read(CHUNK):
                for body in frames.feed(data):
                    await self._take(body)
                self.strange = max(self.strange, frames.garbage)
            self.close("it closed its output")
        except Gone as error:
            self.close(str(error))
            raise
        except (OSError, asyncio.CancelledError):
            self.close("it was ended")
            raise

    def close(self, why: str) -> None:
        """End every request that waits, and refuse further ones."""
        self._over = self._over or why
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Gone(self._over))

    async def _take(self, body: bytes) -> None:
        try:
            message = await asyncio.to_thread(json.loads, body) if len(body) > LARGE else json.loads(body)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self.strange += 1
        elif "method" not in message:
            self._answered(message)
        elif "id" in message:
            self._answer(message)
        else:
            self._heard(str(message["method"]), message.get("params"))

    def _answered(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        waiting = self._waiting.get(number) if isinstance(number, int) else None
        if waiting is None or waiting.done():
            self.strange += waiting is None  # late, or nobody's
            return
        error = message.get("error")
        if isinstance(error, dict):
            code = error.get("code")
            waiting.set_exception(
                Declined(
                    str(error.get("message", "an error without words")), code if isinstance(code, int) else 0
                )
            )
        else:
            waiting.set_result(message.get("result"))

    def _answer(self, message: dict[str, Any]) -> None:
        method = str(message["method"])
        reply: dict[str, Any] = {"id": message["id"]}
        try:
            reply["result"] = self._asked(method, message.get("params"))
        except UnknownMethod:
            reply["error"] = {"code": METHOD_NOT_FOUND, "message": f"loomkin does not know {method}"}
        with suppress(Gone):  # whoever waits for the server hears of it
            self._send(reply)

    def _give_up(self, number: int) -> None:
        with suppress(Gone):
            self.notify("$/cancelRequest", {"id": number})

    def _send(self, message: dict[str, Any]) -> None:
        if self._over or self._writer.is_closing():
            raise Gone(self._over or "its input is closed")
        if self._writer.transport.get_write_buffer_size() > MOST_UNSENT:
            raise Gone("it does not read what it is sent")
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":"))
        self._writer.write(framed(body.encode("utf-8", "replace")))
