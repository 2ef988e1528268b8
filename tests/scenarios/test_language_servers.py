"""Language servers through the real command: real pyright, a real TypeScript server, a scripted model."""

import os
from pathlib import Path

import pytest

from tests.scenarios.conftest import Bench, bodies, call
from tests.scenarios.test_tools import results

DONE = {"text": "Done."}
INSTALLED = Path(__file__).parents[2] / ".venv/language-servers/node_modules/.bin"
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
    bench.environ["PATH"] = f"{INSTALLED}{os.pathsep}{os.environ['PATH']}"
    bench.environ["LOOMKIN__LSP__ENABLED"] = "true"
    bench.environ["LOOMKIN__LSP__WAIT"] = "10"
    return bench


@pytest.mark.feature("D3")
async def test_a_type_error_that_an_edit_makes_is_in_its_result_without_asking(served: Bench) -> None:
    served.write("shop.py", SHOP)
    served.write("till.py", TILL)
    steps = (
        {"calls": [call("file_read", path="shop.py"), call("file_read", path="till.py")]},
        {"calls": [call("file_edit", path="shop.py", old="-> int:", new="-> str:")]},
        {"calls": [call("file_edit", path="shop.py", old="-> str:", new="-> int:")]},
        DONE,
    )
    async with served.model(*steps) as server:
        ended = await served.run("ask", "go", *YOLO)
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    *_, broken, mended = results(bodies(server)[-1])
    assert "pyright: 2 errors new since this edit:" in broken
    assert 'shop.py:2:12 error: Type "int" is not assignable to return type "str"' in broken
    assert "till.py:3:14 error:" in broken
    assert "old error" not in broken
    assert mended.endswith("pyright: this edit mended 2 errors.")
