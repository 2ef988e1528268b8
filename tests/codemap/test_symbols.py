"""Definitions and their lines, in every language with a grammar."""

import pytest

from loomkin.codemap.languages import QUERIES
from loomkin.codemap.symbols import Symbol, symbol_named, symbols
from loomkin.codemap.touched import located, looked_up, touched
from loomkin.records.region import LineChange, Region

PYTHON = """\
import os

@cache
def mean(values):
    def inner():
        return 1
    return inner()


class Cart:
    size = 0

    @property
    def total(self):
        return 1

    async def pay(self): ...
"""
SOURCES = {
    "a.py": (
        PYTHON,
        {
            "mean": (3, 7), "mean.inner": (5, 6), "Cart": (10, 17), "Cart.total": (13, 15),
            "Cart.pay": (17, 17),
        },
    ),
    "a.js": (
        "export function one() {\n}\nconst two = async () => {\n};\n"
        "class A {\n  three() {\n  }\n  four = () => 4;\n}\n",
        {"one": (1, 2), "two": (3, 4), "A": (5, 9), "A.three": (6, 7), "A.four": (8, 8)},
    ),
    "a.ts": (
        "export default class A<T> {\n  private x = () => 1;\n  get y(): T {\n    return 1;\n  }\n}\n"
        "interface I {\n  m(): void;\n}\nexport type T = { a: 1 };\nenum E { A }\n"
        "namespace N {\n  export function h() {}\n}\n",
        {
            "A": (1, 6), "A.x": (2, 2), "A.y": (3, 5), "I": (7, 9), "T": (10, 10), "E": (11, 11),
            "N": (12, 14), "N.h": (13, 13),
        },
    ),
    "a.tsx": ("export const View = (p: P) => (\n  <b>{p.x}</b>\n);\n", {"View": (1, 3)}),
    "a.go": (
        "package a\n\nfunc (c *Cart[T]) Total() int {\n\treturn 1\n}\n\nfunc f() {}\n\n"
        "type S struct {\n\ta int\n}\n\ntype (\n\tA int\n\tB int\n)\n",
        {"Cart.Total": (3, 5), "f": (7, 7), "S": (9, 11), "A": (14, 14), "B": (15, 15)},
    ),
    "a.rs": (
        "impl<T> Foo<T> for Bar<T> {\n    fn a(&self) {}\n}\nmod m {\n    fn c() {}\n}\nstruct S;\n"
        "trait Q {\n    fn z(&self) {}\n}\n#[test]\nfn t() {\n}\n",
        {
            "Bar": (1, 3), "Bar.a": (2, 2), "m": (4, 6), "m.c": (5, 5), "S": (7, 7), "Q": (8, 10),
            "Q.z": (9, 9), "t": (11, 13),
        },
    ),
    "a.java": (
        "public class A<T> {\n    int x;\n    A() {}\n    @Override\n    public T get() {\n"
        "        return null;\n    }\n    record R(int a) {}\n}\n",
        {"A": (1, 9), "A.A": (3, 3), "A.get": (4, 7), "A.R": (8, 8)},
    ),
    "a.c": (
        "static int *f(int a) {\n  return 0;\n}\nstruct S {\n  int a;\n};\ntypedef struct {\n  int b;\n"
        "} T;\nint g(void);\n",
        {"f": (1, 3), "S": (4, 6), "T": (7, 9)},
    ),
    "a.cpp": (
        "namespace n {\nclass A {\n  A();\n  int f() { return 1; }\n};\n}\n"
        "int n::A::g() const {\n  return 1;\n}\ntemplate <typename T>\nT h(T a) {\n  return a;\n}\n",
        {"n": (1, 6), "n.A": (2, 5), "n.A.f": (4, 4), "n.A.g": (7, 9), "h": (10, 13)},
    ),
    "a.rb": (
        "module M\n  class A < B\n    def f(x)\n      1\n    end\n    def self.g; end\n"
        "  end\nend\nclass M::C\nend\n",
        {"M": (1, 8), "M.A": (2, 7), "M.A.f": (3, 5), "M.A.g": (6, 6), "M.C": (9, 10)},
    ),
    "a.php": (
        "<?php\nclass A {\n  public function f() {\n    return 1;\n  }\n}\nfunction g() {}\ntrait T {\n}\n",
        {"A": (2, 6), "A.f": (3, 5), "g": (7, 7), "T": (8, 9)},
    ),
    "a.sh": ("one() {\n  echo\n}\nfunction two {\n  echo\n}\n", {"one": (1, 3), "two": (4, 6)}),
    "a.cs": (
        "namespace N\n{\n    class C<T> : D\n    {\n        public int P { get; set; }\n        C() { }\n"
        "        void M(int a)\n        {\n        }\n    }\n    enum E { X }\n    interface I { }\n}\n",
        {
            "N": (1, 13), "N.C": (3, 10), "N.C.P": (5, 5), "N.C.C": (6, 6), "N.C.M": (7, 9),
            "N.E": (11, 11), "N.I": (12, 12),
        },
    ),
    "a.ex": (
        "defmodule A.B do\n  def f(a), do: a\n\n  defp g(x) when x > 1 do\n    x\n  end\n\n"
        "  defmacro h, do: 1\nend\n\ndefimpl P, for: X do\nend\n",
        {"A.B": (1, 9), "A.B.f": (2, 2), "A.B.g": (4, 6), "A.B.h": (8, 8), "P": (11, 12)},
    ),
    "a.kt": (
        "class C(val x: Int) : D() {\n    fun m(a: Int): String {\n        return \"s\"\n    }\n}\n"
        "object O {\n    fun k() {}\n}\nfun String.ext() {}\ntypealias T = Int\n",
        {"C": (1, 5), "C.m": (2, 4), "O": (6, 8), "O.k": (7, 7), "ext": (9, 9), "T": (10, 10)},
    ),
    "a.lua": (
        "local function f(a)\n  return a\nend\nfunction M.g()\nend\nlocal k = function()\nend\n"
        "M.z = function()\nend\n",
        {"f": (1, 3), "M.g": (4, 5), "k": (6, 7), "M.z": (8, 9)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", SOURCES)
def test_definitions_are_found_with_their_lines(path: str) -> None:
    text, wanted = SOURCES[path]
    found = symbols(path, text)
    assert found is not None
    assert {one.name: (one.first, one.last) for one in found} == wanted


def test_every_language_with_a_query_is_shown_here() -> None:
    endings = {
        "python": "py",
        "javascript": "js",
        "typescript": "ts",
        "rust": "rs",
        "bash": "sh",
        "ruby": "rb",
        "c_sharp": "cs",
        "elixir": "ex",
        "kotlin": "kt",
    }
    assert {f"a.{endings.get(name, name)}" for name in QUERIES} == set(SOURCES)


def test_a_text_that_does_not_parse_still_has_the_definitions_around_the_fault() -> None:
    found = symbols(
        "a.py", "def one():\n    return 1\n\n\ndef two(:\n    return\n\n\ndef three():\n    return 3\n"
    )
    assert found is not None
    names = {one.name for one in found}
    assert {"one", "three"} <= names


def test_a_language_without_a_grammar_has_no_symbols() -> None:
    assert symbols("a.cobol", "x") is None
    assert symbols("a.py", "x = 1\n" * 200_000) is None


def test_symbols_are_found_by_the_end_of_their_name_where_that_is_unique() -> None:
    found = symbols("a.py", PYTHON + "\nclass Other:\n    def pay(self): ...\n")
    assert found is not None
    total, pay, other = (symbol_named(found, name) for name in ("total", "pay", "Other.pay"))
    assert total is not None
    assert total.name == "Cart.total"
    assert pay is None
    assert other is not None


@pytest.mark.parametrize(
    ("change", "region"),
    [
        (LineChange(7, 1, 3), Region("a.py", "mean", 3, 7)),
        (LineChange(6, 1, 1), Region("a.py", "mean.inner", 5, 6)),
        (LineChange(3, 1, 0), Region("a.py", "mean", 3, 7)),
        (LineChange(15, 0, 2), Region("a.py", "Cart.total", 13, 15)),
        # a class is worked on in parts
        (LineChange(11, 1, 1), Region("a.py", "", 11, 11)),
        (LineChange(16, 0, 4), Region("a.py", "", 16, 15)),
        (LineChange(1, 1, 1), Region("a.py", "", 1, 1)),
        # more than one definition
        (LineChange(7, 8, 1), Region("a.py", "", 7, 14)),
        # before and after a function is not in it
        (LineChange(3, 0, 2), Region("a.py", "", 3, 2)),
        (LineChange(8, 0, 2), Region("a.py", "", 8, 7)),
    ],
)
def test_an_edit_touches_the_innermost_function_around_it_or_lines(
    change: LineChange, region: Region
) -> None:
    assert touched("a.py", PYTHON, [change]) == (region,)


def test_without_a_grammar_an_edit_touches_lines() -> None:
    assert touched("a.txt", PYTHON, [LineChange(7, 1, 3)]) == (Region("a.txt", "", 7, 7),)


def test_several_changes_of_one_function_touch_it_once() -> None:
    changes = [LineChange(4, 1, 1), LineChange(7, 1, 1), LineChange(17, 1, 1)]
    names = [str(one) for one in touched("a.py", PYTHON, changes)]
    assert names == ["a.py:mean", "a.py:Cart.pay"]


def test_a_definition_is_looked_up_by_its_name_and_near_names_are_told() -> None:
    for name in ("Cart.total", "total", "Cart::total"):
        one = looked_up("a.py", PYTHON, name)
        assert isinstance(one, Symbol), name
        assert (one.name, one.first, one.last) == ("Cart.total", 13, 15)
    assert looked_up("a.py", PYTHON, "Cart.totals") == "Near it: Cart.total, Cart.pay."
    assert looked_up("a.py", PYTHON, "Meen") == "Near it: mean."
    assert looked_up("a.py", PYTHON, "zzz") == "No name in it is near that."
    twice = "class A:\n    def run(self): ...\nclass B:\n    def run(self): ...\n"
    assert looked_up("a.py", twice, "run") == "Name one of A.run, B.run."
    assert looked_up("a.txt", PYTHON, "mean") == "No grammar reads it: find the line with content_search."


def test_a_symbol_is_located_in_a_text() -> None:
    assert located(Region("a.py", "Cart.total"), PYTHON) == Region("a.py", "Cart.total", 13, 15)
    assert located(Region("a.py", "gone"), PYTHON) == Region("a.py", "gone")
    assert located(Region("a.py"), PYTHON) == Region("a.py")
