"""Records the model answers of `loomkin demo` anew: `python -m tests.cli.record_demo`."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loomkin.cli.demo import ALLOWED, PROMPT, make_sample
from tests.fakes.model_server import ModelServer

ANSWERS = Path(__file__).parents[2] / "loomkin" / "demo" / "answers.cassette"
TESTS = "python3 -m unittest"


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


STEPS: tuple[Mapping[str, Any], ...] = (
    {
        "text": "I read the code and its tests first.",
        "calls": [
            call("file_read", path="inventory.py"),
            call("file_read", path="test_inventory.py"),
            call("shell", command=TESTS),
        ],
    },
    {
        "text": "`take` refuses when the stock equals the count, so the last piece can never be taken. "
        "The tests want it refused only when there are fewer.",
        "calls": [
            call(
                "file_edit",
                path="inventory.py",
                old="if self.count(name) <= count:",
                new="if self.count(name) < count:",
            )
        ],
    },
    {"text": "Now the tests again.", "calls": [call("shell", command=TESTS)]},
    {
        "text": "`Inventory.take` in inventory.py compared with `<=`, so taking the last pieces of an "
        "article was refused. It now compares with `<` and refuses only what is not there.\n\n"
        "Checked: `python3 -m unittest` failed in `test_take_the_last_one` before the change; "
        "all 3 tests pass after it.",
    },
)


async def record(folder: Path, answers: Path, environ: Mapping[str, str]) -> None:
    """Do the demo's job in a new sample repository against the scripted model, and keep the answers."""
    make_sample(folder, environ)
    async with ModelServer(script=STEPS) as server:
        model = {
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENAI_API_KEY": "none",
            "LOOMKIN_MODEL": "openai/fake",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "loomkin", "ask", "-v", "--bare", "--permission-mode", "edits",
            "--allowed-tools", ALLOWED, "--record", str(answers), "-C", str(folder), PROMPT,
            env={**environ, **model, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        if await process.wait() or server.steps.left:
            raise SystemExit("The job did not run to its end; nothing was recorded.")


def main() -> None:
    """Record, and put the recording in its place."""
    with tempfile.TemporaryDirectory() as place:
        new = Path(place, "answers.cassette")
        asyncio.run(record(Path(place, "shop"), new, os.environ))
        ANSWERS.write_text(new.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
