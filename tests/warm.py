"""Starts loomkin without its imports: as a process of its own, forked from one that has its modules already.

Nine tenths of what a short command costs is Python's start and imports, which tests by the hundred need not
measure again. The child has its own session, folder, environment, arguments and standard streams, and goes
through `loomkin.__main__` as a shell's would. What depends on the interpreter's own start takes a cold one.
"""

import asyncio
import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

MODULES = (
    "loomkin.cli.main", "loomkin.cli.ask", "loomkin.cli.ask_run", "loomkin.app", "ssl", "sqlite3",
    "loomkin.llm.wires.openai_chat",
    *(f"loomkin.tools.{name}" for name in (
        "files.file_read", "files.file_write", "files.file_edit", "files.file_patch", "search.file_search",
        "search.content_search", "search.directory_list", "code.repo_map", "shell.shell",
        "shell.shell_output", "git.git", "decisions.decision_log",
    )),
)  # fmt: skip
HEADER = 8
BATCH = 65_536


class WarmProcess:
    """A process of loomkin with the methods of asyncio's own that tests use."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._status = status
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(status, self._end)

    async def wait(self) -> int:
        """How it ended; negative is a signal's number."""
        await self._ended.wait()
        return self.returncode or 0

    async def communicate(self, words: bytes | None = None) -> tuple[bytes, bytes]:
        """Give it its input, and take all it says."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(words))
            out, err = (group.create_task(_all(stream)) for stream in (self.stdout, self.stderr))
        await self.wait()
        return out.result(), err.result()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    async def _feed(self, words: bytes | None) -> None:
        if self.stdin is None:
            return
        try:
            if words:
                self.stdin.write(words)
                await self.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.stdin.close()

    def _end(self) -> None:
        said = self._status.recv(HEADER)
        self._loop.remove_reader(self._status)
        self._status.close()
        self.returncode = _number(said) if said else -signal.SIGKILL
        self._ended.set()


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


async def start(words: Sequence[str], cwd: Path, environ: Mapping[str, str], *, stdin: bool) -> WarmProcess:
    """Run `loomkin WORDS` with pipes; without `stdin` its input is empty."""
    server = _server()
    ours, theirs = socket.socketpair()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    in_read, in_write = os.pipe() if stdin else (os.open(os.devnull, os.O_RDONLY), -1)
    order = json.dumps({"words": words, "cwd": str(cwd), "environ": dict(environ)}).encode()
    handed = [in_read, out_write, err_write, theirs.fileno()]
    socket.send_fds(server, [_bytes(len(order))], handed)
    server.sendall(order)
    for number in handed[:3]:
        os.close(number)
    theirs.close()
    process = WarmProcess(_number(ours.recv(HEADER)), ours)
    process.stdout, process.stderr = await _reader(out_read), await _reader(err_read)
    if in_write >= 0:
        process.stdin = await _writer(in_write)
    return process


def _bytes(number: int) -> bytes:
    return number.to_bytes(HEADER, "big", signed=True)


def _number(said: bytes) -> int:
    return int.from_bytes(said, "big", signed=True)


async def _reader(number: int) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(number, "rb", 0))
    return stream


async def _writer(number: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(number, "wb", 0)
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)


@cache
def _server() -> socket.socket:
    """One for each process of the test runner; it ends when that one does."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
    root = Path(__file__).parent.parent
    server = subprocess.Popen(command, cwd=root, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    atexit.register(_dismiss, server, ours)
    return ours


def _dismiss(server: "subprocess.Popen[bytes]", control: socket.socket) -> None:
    control.close()
    server.wait()


def serve(control: socket.socket) -> None:
    """Fork for each order until whoever orders is gone."""
    for name in MODULES:
        importlib.import_module(name)
    gc.disable()
    gc.freeze()
    wake, poke = socket.socketpair()
    for end in (wake, poke):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(poke.fileno(), warn_on_full_buffer=False)
    running: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, wake], [], [])
        if wake in ready:
            wake.recv(BATCH)
            _reap(running)
        if control in ready:
            header, handed, _, _ = socket.recv_fds(control, HEADER, 4)
            if not header:
                return
            order = json.loads(_exactly(control, _number(header)))
            status = socket.socket(fileno=handed[3])
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                _become(order, handed, [control, wake, poke, status, *running.values()])
            status.sendall(_bytes(pid))
            running[pid] = status
            for number in handed[:3]:
                os.close(number)


def _reap(running: dict[int, socket.socket]) -> None:
    while running:
        pid, ended = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as status:
            status.sendall(_bytes(os.waitstatus_to_exitcode(ended)))


def _exactly(control: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        parts += control.recv(min(BATCH, size - len(parts)))
    return parts


def _become(order: Mapping[str, Any], handed: Sequence[int], others: Sequence[socket.socket]) -> None:
    """Be the command that was ordered, and end with it."""
    code = 1
    try:
        for one in others:
            one.close()
        for number, stream in enumerate(handed[:3]):
            os.dup2(stream, number)
            os.close(stream)
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environ"])
        sys.path[0] = order["cwd"]
        sys.argv = ["loomkin", *order["words"]]
        runpy.run_module("loomkin", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
