"""One scripted answer or fault on its way to a client."""

import asyncio
import json
from dataclasses import dataclass

from tests.fakes.dialects import Context, Dialect
from tests.fakes.http1 import Connection
from tests.fakes.script import Step

GARBAGE = bytes(range(1, 256)).replace(b"\n", b"").replace(b"\r", b"") * 4
BROKEN = ("garbage", "invalid_json")


@dataclass(frozen=True, slots=True)
class Play:
    """One step on its way to the client."""

    step: Step
    context: Context
    dialect: Dialect
    connection: Connection
    streamed: bool

    async def run(self) -> bool:
        """Send the answer or the fault; True keeps the connection."""
        step = self.step
        if step.fault == "disconnect":
            return False
        if step.fault == "status":
            return await self._status()
        if step.fault == "stall" and step.events is None:
            await asyncio.Event().wait()
            return False
        return await (self._stream() if self.streamed else self._whole())

    async def _status(self) -> bool:
        step = self.step
        message = step.message or f"the fake model answers with status {step.status}"
        body = step.body if step.body is not None else self.dialect.failure(step.status, message, step.code)
        if isinstance(body, str):
            kind = "text/html" if body.lstrip().startswith("<") else "text/plain"
            await self.connection.send(step.status, body.encode(), {"content-type": kind, **step.headers})
        else:
            await self.connection.send_json(step.status, body, step.headers)
        return True

    async def _whole(self) -> bool:
        step = self.step
        headers = {"content-type": "application/json", **step.headers}
        body = json.dumps(self.dialect.whole(step, self.context)).encode()
        if step.fault in ("cut", "stall"):
            await self.connection.head(200, {**headers, "content-length": str(len(body))})
            await self.connection.raw(body[: len(body) // 2])
            if step.fault == "stall":
                await asyncio.Event().wait()
            return False
        if step.fault == "stream_error":
            body = json.dumps(self._in_stream()).encode()
        body = {"garbage": GARBAGE, "invalid_json": b'{"id": "x", "choices": ['}.get(step.fault, body)
        await self.connection.send(200, body, headers)
        return True

    async def _stream(self) -> bool:
        step = self.step
        headers = {"content-type": self.dialect.content_type, "transfer-encoding": "chunked", **step.headers}
        await self.connection.head(200, headers)
        events = list(self.dialect.events(step, self.context))
        for event in events[: step.events if step.fault else None] if step.fault not in BROKEN else ():
            await self.connection.chunk(event)
        if step.fault == "stall":
            await asyncio.Event().wait()
            return False
        if step.fault == "cut":
            return False
        if step.fault == "stream_error":
            await self.connection.chunk(self.dialect.frame(self._in_stream()))
        if step.fault in BROKEN:
            broken = b'{"choices": [{"delta": \n\n'
            invalid = b"data: " + broken if self.dialect.name != "ollama" else broken
            await self.connection.chunk(GARBAGE if step.fault == "garbage" else invalid)
        await self.connection.chunk(b"")
        return True

    def _in_stream(self) -> dict[str, object]:
        step = self.step
        return step.error or self.dialect.failure(500, step.message or "the fake model failed", step.code)
