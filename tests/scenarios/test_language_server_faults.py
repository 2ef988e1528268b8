"""Language servers through the real command, with a fake server that can be made to misbehave."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loomkin.project.shell_process import group_runs
from tests.lsp.desk import SERVER, until
from tests.scenarios.conftest import Bench, bodies, call, said
from tests.scenarios.test_tools import results

DONE = {"text": "Done."}
EDITS = ("--permission-mode", "edits")
BREAK = call("file_edit", path="a.fake", old="price", new="ERROR:broken")


@pytest.fixture
def plan(bench: Bench, tmp_path: Path) -> Callable[..., Path]:
    """Makes the fake server the one for `.fake` files, with a plan; gives the file of what it heard."""

    def make(**faults: Any) -> Path:
        log, file = tmp_path / "heard.jsonl", tmp_path / "plan.json"
        file.write_text(json.dumps({"log": str(log), **faults}))
        command = json.dumps([sys.executable, str(SERVER), str(file)])
        bench.write(".loomkin.toml", f'[lsp.servers.fake]\ncommand = {command}\nextensions = [".fake"]\n')
        bench.environ["LOOMKIN__LSP__ENABLED"] = "true"
        bench.environ["LOOMKIN__LSP__WAIT"] = "8"
        bench.write("a.fake", "price\n")
        bench.write("b.fake", "price\n")
        return log

    return make


@pytest.mark.feature("D3")
async def test_no_server_runs_in_a_folder_that_is_not_trusted(
    bench: Bench, plan: Callable[..., Path]
) -> None:
    log = plan()
    steps = (
        {"calls": [call("file_read", path="a.fake"), call("tool_search", query="lsp hover")]},
        {"calls": [BREAK]},
        {"calls": [call("lsp_hover", path="b.fake", line=1, symbol="price")]},
        DONE,
    )
    async with bench.model(*steps) as server:
        assert (await bench.run("ask", "go", *EDITS)).code == 0
    *_, edited, hover = results(bodies(server)[-1])
    assert "broken" not in edited.rpartition("ERROR:broken")[2]
    assert "this folder is not trusted (`loomkin trust`). find_symbol" in hover
    assert not log.exists()


@pytest.mark.feature("D3")
@pytest.mark.parametrize("name", ["README.md", "a.fake"])
async def test_only_a_session_that_touches_code_loads_anything_for_servers(
    bench: Bench, plan: Callable[..., Path], name: str
) -> None:
    log = plan()
    bench.write(name, "words\n")
    steps = ({"calls": [call("file_edit", path=name, old="words", new="more")]}, DONE)
    async with bench.model(*steps):
        ended = await bench.run("ask", "go", *EDITS, "--trust", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    assert ended.code == 0
    assert "loomkin.project.edit_text" in ended.err
    assert ("loomkin.lsp.service" in ended.err) is log.exists() is (name == "a.fake")


@pytest.mark.feature("D3")
async def test_late_findings_come_with_the_next_request_and_a_rename_asks_for_every_file(
    bench: Bench, plan: Callable[..., Path]
) -> None:
    log = plan()
    bench.environ["LOOMKIN__LSP__WAIT"] = "0"
    bench.write("LOOMKIN.md", "## Denied Operations\n\n- File Write: `b.fake`\n")
    rename = {"path": "a.fake", "line": 2, "symbol": "price", "new_name": "cost"}
    steps = (
        {
            "calls": [
                call("file_edit", path="a.fake", old="price", new="ERROR:broken\nprice"),
                call("tool_search", query="lsp rename"),
            ]
        },
        {
            "calls": [
                call(
                    "shell",
                    command=f"until [ $(grep -c didChange {log}) -ge 1 ]; do sleep 0.1; done; sleep 0.5",
                )
            ]
        },
        {"calls": [call("lsp_rename", **rename)]},
        DONE,
    )
    async with bench.model(*steps) as server:
        assert (await bench.run("ask", "go", "--permission-mode", "yolo", "--trust")).code == 0
    edited, *_, renamed = results(bodies(server)[-1])
    assert edited.endswith("fake is still starting; what it finds in a.fake comes with a later step.")
    assert "a.fake:1:1 error: broken [fake fake]" in said(bodies(server)[-1])
    assert "b.fake" in renamed
    assert (bench.root / "a.fake").read_text() == "ERROR:broken\nprice\n", "all or nothing"
    assert (bench.root / "b.fake").read_text() == "price\n"


@pytest.mark.feature("D3")
async def test_a_server_ends_soon_after_loomkin_was_killed(bench: Bench, plan: Callable[..., Path]) -> None:
    log = plan(deaf=True)
    steps = ({"calls": [call("file_read", path="a.fake")]}, {"text": "x", "fault": "stall"})
    async with bench.model(*steps):
        process = await bench.start("ask", "go", *EDITS, "--trust")
        await until(lambda: log.exists() and "didOpen" in log.read_text(), 30)
        (row,) = json.loads(next((bench.root / ".loomkin/language-servers").glob("*.json")).read_text())
        assert group_runs(row["pid"])
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    async with asyncio.timeout(8):
        while await asyncio.to_thread(group_runs, row["pid"]):  # noqa: ASYNC110 - it is no child of ours
            await asyncio.sleep(0.05)
