"""Finding out how well a model calls tools, on a real wire."""

from typing import Any

import pytest

from loomkin.errors import AuthError
from loomkin.llm.models import CallerLevel
from loomkin.llm.probe import ProbeReport, probe
from loomkin.llm.wire import Endpoint
from loomkin.llm.wires.openai_chat import OpenAIChat
from tests.fakes.model_server import ModelServer

READY = {"text": "ready"}


def read(*paths: str) -> dict[str, Any]:
    return {"calls": [{"name": "file_read", "arguments": {"path": path}} for path in paths]}


def written(*paths: str) -> dict[str, Any]:
    blocks = (
        f'<tool_call>{{"name": "file_read", "arguments": {{"path": "{path}"}}}}</tool_call>' for path in paths
    )
    return {"text": "Sure.\n" + "\n".join(blocks)}


async def probed(*script: dict[str, Any]) -> tuple[ProbeReport, ModelServer]:
    async with ModelServer(script) as server:
        wire = OpenAIChat(Endpoint(f"{server.url}/v1", "k"))
        try:
            return await probe(wire, "fake-model"), server
        finally:
            await wire.aclose()


async def test_a_model_that_calls_tools_is_native_and_parallel() -> None:
    report, server = await probed(READY, read("README.md"), read("a.txt", "./b.txt"))
    assert (report.level, report.parallel) == (CallerLevel.NATIVE, True)
    assert [check.passed for check in report.checks] == [True, True, True]
    assert ["tools" in entry.body for entry in server.chats] == [False, True, True]
    assert "Verdict: calls tools by itself (native)." in report.text


async def test_one_call_at_a_time_is_native_but_not_parallel() -> None:
    report, _ = await probed(READY, read("README.md"), read("a.txt"))
    assert (report.level, report.parallel) == (CallerLevel.NATIVE, False)


async def test_a_model_that_writes_calls_as_text_needs_rescue() -> None:
    report, _ = await probed(READY, written("README.md"), written("a.txt", "b.txt"))
    assert (report.level, report.parallel) == (CallerLevel.RESCUE, True)


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "README.md says hello."},
        {"calls": [{"name": "open_file", "arguments": {"path": "README.md"}}]},
        {"calls": [{"name": "file_read", "raw": "{broken"}]},
        {"calls": [{"name": "file_read", "arguments": {"path": 5}}]},
        {"fault": "status", "status": 400, "message": "this model does not support tools"},
    ],
)
async def test_everything_else_needs_the_text_protocol_and_is_not_asked_further(
    answer: dict[str, Any],
) -> None:
    report, server = await probed(READY, answer)
    assert (report.level, report.parallel) == (CallerLevel.TEXT, False)
    assert len(server.chats) == 2
    assert "not tried" in report.text


async def test_a_refusal_of_tools_is_shown() -> None:
    report, _ = await probed(READY, {"fault": "status", "status": 400, "message": "no tools here"})
    assert "no tools here" in report.checks[1].seen


async def test_an_empty_plain_answer_is_reported() -> None:
    report, _ = await probed({"text": "<think>ready?</think>"}, read("README.md"), read("a.txt", "b.txt"))
    assert [check.passed for check in report.checks] == [False, True, True]


async def test_a_wrong_key_is_an_error_not_a_verdict() -> None:
    with pytest.raises(AuthError):
        await probed({"fault": "status", "status": 401})
