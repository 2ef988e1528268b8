"""A real repository, a real model server on loopback, and the real command in a process of its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.fakes.model_server import ModelServer
from tests.warm import WarmProcess

SECONDS = 60.0
CALC = '''\
def mean(values):
    """The arithmetic mean."""
    return sum(values) / len(values) + 1


def double(value):
    return value * 2
'''
TEST_CALC = """\
from calc import mean


def test_mean():
    assert mean([1, 2, 3]) == 2
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as one JSON object."""
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Bench:
    """A repository, and ways to run loomkin in it against a scripted model."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str) -> str:
        """Run git in the repository."""
        done = subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout

    def write(self, name: str, text: str) -> Path:
        """Put a file into the repository."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    async def start(
        self,
        *words: str,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: int = asyncio.subprocess.DEVNULL,
        cold: bool = False,
    ) -> asyncio.subprocess.Process | WarmProcess:
        """Start `loomkin WORDS` with pipes; for an open standard input it would wait three seconds.

        `cold` has it start as a shell would, with an interpreter of its own.
        """
        place, around = cwd or self.root, {**os.environ, **self.environ, **(environ or {})}
        if not cold and not any(name.startswith("PYTHON") for name in around):
            return await warm.start(words, place, around, stdin=stdin == asyncio.subprocess.PIPE)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "loomkin",
            *words,
            cwd=place,
            env=around,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def run(
        self,
        *words: str,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Ended:
        """Run `loomkin WORDS` to its end."""
        process = await self.start(*words, environ=environ, cwd=cwd, stdin=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await process.communicate(stdin)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return Ended(process.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    @asynccontextmanager
    async def model(
        self, *steps: Mapping[str, Any], wire: str = "openai", **options: Any
    ) -> AsyncIterator[ModelServer]:
        """Serve a script, and point the environment at it through one of the wires."""
        script: Any = options.pop("script", steps)
        async with ModelServer(script=script, **options) as server:
            self.environ = {**self.environ, **environment(server, wire)}
            yield server


def environment(server: ModelServer, wire: str) -> dict[str, str]:
    """The variables under which loomkin finds the fake model by a wire."""
    url, key = server.url, "key-for-tests"
    return {"LOOMKIN__TEAM__ORIENT": "false", **_addresses(url, key, wire)}


def _addresses(url: str, key: str, wire: str) -> dict[str, str]:
    if wire == "anthropic":
        named = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key}
        return {**named, "LOOMKIN_MODEL": "anthropic/claude-sonnet-4-5"}
    if wire == "ollama":
        return {"OLLAMA_HOST": url, "LOOMKIN_MODEL": "ollama/fake-model"}
    if wire == "litellm":
        named = {"LITELLM_PROXY_API_BASE": f"{url}/v1", "LITELLM_PROXY_API_KEY": key}
        return {**named, "LOOMKIN_MODEL": "litellm_proxy/fake-model"}
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": key, "LOOMKIN_MODEL": "openai/fake-model"}


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    """One planned call of a script."""
    return {"name": name, "arguments": arguments}


def bodies(server: ModelServer) -> list[dict[str, Any]]:
    """The bodies of the model calls, oldest first."""
    return [entry.body for entry in server.entries if entry.method == "POST" and is_call(entry.path)]


def is_call(path: str) -> bool:
    """Whether a request asks for an answer of the model."""
    return path.endswith(("/chat/completions", "/messages", "/api/chat"))


def said(body: Mapping[str, Any]) -> str:
    """Everything in a request, as text to look for words in."""
    return json.dumps(body, ensure_ascii=False)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A git repository with a small fault in it."""
    root = tmp_path / "project"
    root.mkdir()
    bench = Bench(root)
    bench.git("init", "-q")
    bench.write("calc.py", CALC)
    bench.write("test_calc.py", TEST_CALC)
    bench.git("add", ".")
    bench.git("commit", "-qm", "First")
    return bench


JOB: Sequence[Mapping[str, Any]] = (
    {
        "text": "I look first.",
        "calls": [call("file_read", path="calc.py"), call("file_read", path="test_calc.py")],
    },
    {"calls": [call("file_edit", path="calc.py", old="return sum(values) / len(value)", new="x")]},
    {
        "calls": [
            call(
                "file_edit",
                path="calc.py",
                old="return sum(values) / len(values) + 1",
                new="return sum(values) / len(values)",
            )
        ]
    },
    {"calls": [call("shell", command=f"{sys.executable} -m pytest -q test_calc.py")]},
    {"text": "Mended: `mean` added one. The test passes."},
)
