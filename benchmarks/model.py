"""A project to work in and a model on loopback that answers at once, in a process of its own."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import BUILD, TOP, plain_environment

QUESTION = "What is 2+2?"
ANSWER: Mapping[str, Any] = {"text": "It is 4.", "repeat": True}
WINDOW = ("--context", "1000000")
Script = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Mapping[str, Any]]]
CALLS = ("/chat/completions", "/messages", "/responses", "/api/chat")


@dataclass(frozen=True, slots=True)
class Place:
    """A repository, an empty home, and a scripted model that the environment points at."""

    project: Path
    home: Path
    port: int

    @property
    def url(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a command in this place."""
        named = {"OPENAI_API_KEY": "key-for-benchmarks", "OPENAI_BASE_URL": f"{self.url}/v1"}
        return {**plain_environment(self.home), **named, "LOOMKIN_MODEL": "openai/fake-model"}

    def calls(self) -> list[dict[str, Any]]:
        """The requests for an answer so far, oldest first, with their bodies and times."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("GET", "/_log")
            entries: list[dict[str, Any]] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return [entry for entry in entries if entry["method"] == "POST" and entry["path"].endswith(CALLS)]


@contextmanager
def place(steps: Script, files: Mapping[str, str]) -> Iterator[Place]:
    """A fresh repository with some files, and a server that follows the script until the end."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-place-") as folder:
        top = Path(folder)
        project, home, script = top / "project", top / "home", top / "script.json"
        for made in (project, home):
            made.mkdir()
        script.write_text(json.dumps(steps if isinstance(steps, Mapping) else list(steps)), encoding="utf-8")
        for name, text in files.items():
            (project / name).write_text(text, encoding="utf-8")
        _make_repository(project, home)
        command = [sys.executable, "-m", "tests.fakes.model_server", "--script", str(script), *WINDOW]
        with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as server:
            try:
                port = int(server.stdout.readline()) if server.stdout else 0
                yield Place(project, home, port)
            finally:
                server.terminate()


def _make_repository(project: Path, home: Path) -> None:
    environ = {**os.environ, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
    for words in (("init", "--quiet"), ("add", "--all"), (*identity, "commit", "--quiet", "-m", "First")):
        subprocess.run(["git", *words], cwd=project, env=environ, check=True, capture_output=True)
