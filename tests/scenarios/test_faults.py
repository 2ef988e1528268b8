"""Whatever goes wrong on the model's side ends with the right exit code and names the mend."""

import time

import pytest

from tests.scenarios.conftest import Bench, bodies, call, said

OK = {"text": "All good."}
STATUS = "status"


def status(number: int, **more: object) -> dict[str, object]:
    return {"fault": STATUS, "status": number, **more}


@pytest.mark.feature("A5")
async def test_a_rate_limit_is_waited_for_as_long_as_the_provider_says(bench: Bench):
    async with bench.model(status(429, headers={"retry-after": "1"}), OK) as server:
        ended = await bench.run("ask", "-v", "hi")
    assert (ended.code, ended.out) == (0, "All good.\n")
    first, second = server.chats
    assert second.started - first.ended >= 0.95


@pytest.mark.parametrize("code", [500, 529, 503])
async def test_a_passing_failure_is_retried(bench: Bench, code: int):
    async with bench.model(status(code), OK) as server:
        ended = await bench.run("ask", "hi")
    assert (ended.code, ended.out) == (0, "All good.\n")
    assert len(server.chats) == 2


@pytest.mark.slow
async def test_a_failure_that_stays_ends_with_75(bench: Bench):
    async with bench.model(status(503, repeat=True)) as server:
        ended = await bench.run("ask", "--output-format", "json", "hi")
    assert ended.code == 75
    assert ended.json["is_error"]
    assert len(server.chats) == 5


async def test_a_closed_port_ends_with_75_and_names_the_address(bench: Bench):
    at_nothing = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "x"}
    begun = time.monotonic()
    ended = await bench.run(
        "ask", "-m", "openai/fake-model", "hi", environ={**at_nothing, "LOOMKIN__MODEL__ATTEMPTS": "2"}
    )
    assert ended.code == 75
    assert "127.0.0.1:9" in ended.err
    assert time.monotonic() - begun < 30


async def test_a_wrong_key_ends_with_41_and_names_the_variable(bench: Bench):
    async with bench.model(status(401), OK) as server:
        ended = await bench.run("ask", "hi")
    assert ended.code == 41
    assert "OPENAI_API_KEY" in ended.err
    assert "key-for-tests" not in ended.err
    assert len(server.chats) == 1


async def test_an_unknown_model_ends_with_41(bench: Bench):
    async with bench.model(status(404, message="The model `fake-model` does not exist")):
        ended = await bench.run("ask", "hi")
    assert ended.code == 41
    assert "fake-model" in ended.err


async def test_a_context_overflow_says_what_to_do(bench: Bench):
    message = "This model's maximum context length is 8192 tokens."
    async with bench.model(status(400, code="context_length_exceeded", message=message)) as server:
        ended = await bench.run("ask", "hi")
    assert ended.code == 1
    assert "/clear" in ended.err or "new session" in ended.err or "larger window" in ended.err
    assert len(server.chats) == 1


async def test_a_stream_cut_in_the_middle_ends_with_75_and_runs_nothing_twice(bench: Bench):
    cut = {"fault": "cut", "text": "I was going to say " * 20, "events": 4}
    async with bench.model(cut, OK) as server:
        ended = await bench.run("ask", "hi")
    assert ended.code == 75
    assert len(server.chats) == 1
    again = await bench.run("ask", "-c", "go on")
    assert again.code in (0, 75)


@pytest.mark.slow
async def test_a_stall_is_asked_for_again_once(bench: Bench):
    stall = {"fault": "stall", "text": "Hm, let me think", "events": 2}
    async with bench.model(stall, OK) as server:
        ended = await bench.run("ask", "hi", environ={"LOOMKIN__MODEL__SILENCE": "2"})
    assert (ended.code, ended.out) == (0, "All good.\n")
    assert len(server.chats) == 2


async def test_garbage_ends_with_a_clear_error(bench: Bench):
    async with bench.model({"fault": "garbage"}):
        ended = await bench.run("ask", "hi")
    assert ended.code == 1
    assert "promised form" in ended.err
    assert "Traceback" not in ended.err


async def test_an_untrusted_certificate_fails_on_the_first_try_and_names_the_mend(bench: Bench):
    async with bench.model(OK, tls=True) as server:
        ended = await bench.run("ask", "hi")
    assert ended.code == 1
    assert "SSL_CERT_FILE" in ended.err
    assert server.chats == []


async def test_unknown_tools_and_broken_arguments_are_told_and_survived(bench: Bench):
    steps = [
        {"calls": [call("read_file", path="calc.py")]},
        {"calls": [{"name": "file_read", "raw": '{"path": "calc.py"'}]},
        {"calls": [{"name": "file_read", "raw": "calc.py please"}]},
        {"calls": [{"name": "file_write", "raw": '{"path": "x.py", "content": "abc'}], "finish": "length"},
        OK,
    ]
    async with bench.model(*steps) as server:
        ended = await bench.run("ask", "--permission-mode", "yolo", "hi")
    assert (ended.code, ended.out) == (0, "All good.\n")
    told = [said(body) for body in bodies(server)]
    assert "Did you mean `file_read`" in told[1]
    assert "The arithmetic mean" in told[2], "a missing closing bracket is repaired where nothing was cut"
    assert "not a JSON object" in told[3]
    assert "cut off" in told[4]
    assert not (bench.root / "x.py").exists()


async def test_a_model_that_repeats_itself_is_reminded_and_then_stopped(bench: Bench):
    async with bench.model({"calls": [call("file_read", path="calc.py")], "repeat": True}) as server:
        ended = await bench.run("ask", "--output-format", "json", "hi")
    assert ended.code == 1
    assert "repeated" in ended.json["errors"][0]
    assert len(server.chats) == 7
    assert "you have repeated the same step 3 times" in said(bodies(server)[3])


async def test_an_empty_answer_is_asked_for_once_more(bench: Bench):
    async with bench.model({"text": ""}, OK) as server:
        ended = await bench.run("ask", "hi")
    assert ended.out == "All good.\n"
    assert "was empty" in said(bodies(server)[1])


async def test_a_fallback_takes_over_when_the_model_has_no_room(bench: Bench):
    gone = status(404, message="no such model", match='"model": "fake-model"')
    async with bench.model(gone, OK) as server:
        ended = await bench.run("ask", "--set", 'model.fallback=["openai/other"]', "hi")
    assert (ended.code, ended.out) == (0, "All good.\n")
    assert [body["model"] for body in bodies(server)] == ["fake-model", "other"]
    assert "other" in ended.err


@pytest.mark.feature("F3")
async def test_without_any_model_it_exits_41_with_three_ways_on(bench: Bench):
    ended = await bench.run("ask", "hi", environ={"OLLAMA_HOST": "127.0.0.1:9"})
    assert ended.code == 41
    assert ended.out == ""
    for words in ("LOOMKIN_MODEL", "ANTHROPIC_API_KEY", "Ollama", "  1. ", "  2. ", "  3. "):
        assert words in ended.err
