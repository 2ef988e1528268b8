"""A model that repeats a secret: neither the screen nor a file nor the next request has it."""

import json

import pytest

from tests.scenarios.conftest import Bench, bodies, call
from tests.scenarios.test_offload import small

__all__ = ["small"]
KEY = "zq-Plover-7719-q"
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
SAID = f"The key is {KEY}, the token {TOKEN}."
TOLD = "The key is [redacted:API_KEY in .env], the token [redacted:github-token]."
YOLO = ("--permission-mode", "yolo")


def holds(text: str) -> list[str]:
    """The secrets in a text."""
    return [secret for secret in (KEY, TOKEN) if secret in text]


async def everything(bench: Bench) -> str:
    """What any command gives of what was kept, and the bytes of the database."""
    session = json.loads((await bench.run("sessions", "list", "--json")).out)[0]["id"]
    texts = [
        (await bench.run(*words)).out
        for words in (
            ("sessions", "show", session, "--events"),
            ("sessions", "export", session, "--format", "json"),
            ("sessions", "export", session),
            ("recall", "plover key token"),
            ("keepers", "show", "k1", "--full"),
            ("audit",),
            ("graph", "show"),
        )
    ]
    raw = b"".join(path.read_bytes() for path in (bench.root / ".loomkin").glob("*.db*"))
    return "".join(texts) + raw.decode("utf-8", "replace")


@pytest.mark.feature("E6")
@pytest.mark.parametrize("wire", ["openai", "anthropic"])
async def test_what_a_model_says_of_a_secret_is_shown_kept_and_sent_without_it(small: Bench, wire: str):
    small.write(".env", f"API_KEY={KEY}\n")
    write = call("file_write", path="made.txt", content=f"key {KEY}\n")
    note = call("decision_log", kind="decision", title=f"Use {KEY}", files=["calc.py"])
    search = call("content_search", pattern=KEY, path="made.txt")
    run = call("shell", command=f"echo {TOKEN} | tr a-z A-Z; cat made.txt")
    steps = [
        {"text": SAID, "thinking": SAID, "pieces": 40, "calls": [write, note]},
        {"text": "Look.", "calls": [run, search]},
        {"text": SAID, "pieces": 64},
    ]
    async with small.model(*steps, wire=wire) as server:
        done = await small.run(
            "ask", "go", *YOLO, "--output-format", "stream-json", "--include-partial-messages"
        )
        assert done.code == 0, done.err
        assert holds(json.dumps(bodies(server))) == []
    assert holds(done.out + done.err) == []
    assert done.lines[-1]["result"] == TOLD
    assert (small.root / "made.txt").read_text() == f"key {KEY}\n", "what it does it does with the key"
    assert TOKEN.upper() in done.out
    assert "1:key [redacted:API_KEY in .env]" in done.out, "a search looks for the key itself"
    kept = await everything(small)
    assert holds(kept) == []
    assert "Use [redacted:API_KEY in .env]" in kept


@pytest.mark.feature("E6")
async def test_plain_and_json_answers_hold_no_secret_either(bench: Bench):
    bench.write(".env", f"API_KEY={KEY}\n")
    async with bench.model({"text": SAID, "pieces": 50, "repeat": 2}):
        plain = await bench.run("ask", "go")
        structured = await bench.run("ask", "go", "--output-format", "json")
    assert plain.out.strip() == TOLD
    assert structured.json["result"] == TOLD
    assert holds(plain.err + structured.out + structured.err) == []
