"""Language servers through the real command: real pyright, a real TypeScript server, a scripted model."""

import os
import sys
from pathlib import Path

import pytest

from tests.scenarios.conftest import Bench, bodies, call
from tests.scenarios.test_tools import results

DONE = {"text": "Done."}
INSTALLED = Path(sys.prefix) / "language-servers/node_modules/.bin"
YOLO = ("--permission-mode", "yolo", "--trust")
SHOP = """\
def price(count: int) -> int:
    return count * 3


broken: int = "old error"
"""
TILL = """\
from shop import price

total: int = price(2)
"""


@pytest.fixture
def served(bench: Bench) -> Bench:
    """A repository in which real language servers are found on PATH."""
    assert (INSTALLED / "pyright-langserver").exists(), "`make venv` installs the servers of these tests"
    # a node from PyPI is beside our Python
    places = (str(INSTALLED), str(Path(sys.executable).parent), os.environ["PATH"])
    bench.environ["PATH"] = os.pathsep.join(places)
    bench.environ["LOOMKIN__LSP__SERVERS__RUFF__ENABLED"] = "false"
    bench.environ["LOOMKIN__LSP__ENABLED"] = "true"
    bench.environ["LOOMKIN__LSP__WAIT"] = "10"
    return bench


@pytest.mark.slow
@pytest.mark.feature("D3")
async def test_a_type_error_that_an_edit_makes_is_in_its_result_without_asking(served: Bench) -> None:
    served.write("shop.py", SHOP)
    served.write("till.py", TILL)
    steps = (
        {"calls": [call("file_read", path="shop.py")]},
        {"calls": [call("file_edit", path="shop.py", old="-> int:", new="-> str:")]},
        {"calls": [call("file_edit", path="shop.py", old="-> str:", new="-> int:")]},
        DONE,
    )
    async with served.model(*steps) as server:
        ended = await served.run("ask", "go", *YOLO)
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    *_, broken, mended = results(bodies(server)[-1])
    assert "pyright: 2 errors new since this edit:" in broken
    assert 'shop.py:2:12 error: Type "int" is not assignable to return type "str"; "int" is not' in broken
    assert "till.py:3:14 error:" in broken, "nobody opened it"
    assert "old error" not in broken
    assert mended.endswith("pyright: this edit mended 2 errors.")


@pytest.mark.slow
@pytest.mark.feature("D3")
async def test_a_rename_changes_every_use_as_one_step_that_can_be_taken_back(served: Bench) -> None:
    shop = served.root / "shop.py"
    shop.write_bytes(
        b"\xef\xbb\xbf# \xf0\x9f\x9b\x92 price\r\ndef price(count: int) -> int:\r\n    return count * 3\r\n"
    )
    served.write("till.py", "from shop import price\n\ntotal = price(2)  # the price\n")
    served.write(
        "deep/report.py", "import shop\n\n\ndef report() -> int:\n    return shop.price(1) + shop.price(2)\n"
    )
    names = ("shop.py", "till.py", "deep/report.py")
    before = {name: (served.root / name).read_bytes() for name in names}
    rename = {"path": "till.py", "line": 3, "symbol": "price", "new_name": "cost"}
    steps = (
        {"calls": [call("tool_search", query="lsp rename references hover")]},
        {
            "calls": [
                call("lsp_references", path="shop.py", line=2, symbol="price"),
                call("lsp_hover", path="till.py", line=3, symbol="price"),
            ]
        },
        {"calls": [call("lsp_rename", **rename)]},
        {"calls": [call("shell", command="cat shop.py till.py deep/report.py")]},
        {"calls": [call("lsp_rename", undo=True)]},
        DONE,
    )
    async with served.model(*steps) as server:
        ended = await served.run("ask", "go", *YOLO)
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    _, places, hover, renamed, printed, back = results(bodies(server)[-1])
    assert [line.split("  ")[0] for line in places.splitlines()] == [
        "deep/report.py:5", "shop.py:2", "till.py:1", "till.py:3",
    ]  # fmt: skip
    assert "def price(count: int) -> int" in hover
    assert renamed.startswith("Renamed to cost: 4 lines in 3 files.")
    assert printed.count("cost") == 5
    assert printed.count("price") == 2, "comments stay"
    assert back.startswith("Taken back: 4 lines in 3 files.")
    assert {name: (served.root / name).read_bytes() for name in names} == before


@pytest.mark.slow
@pytest.mark.feature("D3")
async def test_a_typescript_server_finds_definitions_and_uses_and_sees_a_change_by_the_shell(
    served: Bench,
) -> None:
    served.write(
        "tsconfig.json", '{"compilerOptions": {"strict": true, "module": "esnext"}, "include": ["src"]}\n'
    )
    served.write("src/money.ts", "export function price(count: number): number {\n  return count * 3;\n}\n")
    served.write(
        "src/till.ts", 'import { price } from "./money";\n\nexport const total: number = price(2);\n'
    )
    steps = (
        {"calls": [call("tool_search", query="lsp definition references diagnostics")]},
        {
            "calls": [
                call("lsp_definition", path="src/till.ts", line=3, symbol="price"),
                call("lsp_references", path="src/money.ts", line=1, symbol="price"),
            ]
        },
        {"calls": [call("shell", command="sed -i 's/: number {/: string {/' src/money.ts")]},
        {"calls": [call("lsp_diagnostics", path="src")]},
        {"calls": [call("file_edit", path="src/till.ts", old="price(2)", new="prise(2)")]},
        DONE,
    )
    async with served.model(*steps) as server:
        ended = await served.run("ask", "go", *YOLO)
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    _, defined, used, _, seen, edited = results(bodies(server)[-1])
    assert defined == "src/money.ts:1  export function price(count: number): number {"
    assert [line.split("  ")[0] for line in used.splitlines()] == [
        "src/money.ts:1",
        "src/till.ts:1",
        "src/till.ts:3",
    ]
    assert seen.startswith("2 errors\n")
    assert (
        "src/money.ts:2:3 error: Type 'number' is not assignable to type 'string'. [typescript 2322]" in seen
    )
    assert "typescript: 1 error and 0 warnings" not in edited
    assert "src/till.ts:3:30 error: Cannot find name 'prise'" in edited
