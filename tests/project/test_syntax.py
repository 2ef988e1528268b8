"""Syntax errors are found at the line where a reader would look."""

from pathlib import Path

import pytest

from loomkin.project.syntax import syntax_error

GOOD = "def f(x):\n    return x + 1\n\n\n" * 20


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "async def f():\n    return [x async for x in y]\n"),
        ("a.pyi", "x: int\n"),
        ("a.js", "const f = async () => { await g?.() }\n"),
        ("a.ts", "let x: Map<string, number> = new Map()\n"),
        ("a.tsx", "const a = <div className='x'>{y}</div>\n"),
        ("a.go", "package a\n\nfunc F[T any](x T) T { return x }\n"),
        ("a.rs", "fn f<'a>(x: &'a str) -> &'a str { x }\n"),
        ("a.sh", 'if [ -n "$x" ]; then\n  echo y\nfi\n'),
        ("a.json", '{"a": [1, 2]}'),
        ("a.toml", "[a]\r\nb = 1\r\n"),
        ("a.unknown", "((((("),
        ("a.py", ""),
    ],
)
def test_a_text_that_parses_has_no_error(name: str, text: str) -> None:
    assert syntax_error(Path(name), text) is None


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.py", GOOD + "def g(:\n    pass\n", 81),
        ("a.py", GOOD + "x = (1,\n\n" + GOOD, 81),
        ("a.js", "let a = 1\nfunction f() {\n", 3),
        ("a.ts", "let a = 1\nlet x: number = ;\n", 2),
        ("a.tsx", "const a = 1\nconst b = <div>\n", 2),
        ("a.go", "package a\n\nfunc f( {\n}\n", 3),
        ("a.rs", "fn a() {}\nfn f() { let x = ; }\n", 2),
        ("a.sh", "echo x\nif true; then\n  echo y\n", 4),
        ("a.json", '{\n  "a": 1,\n}', 3),
        ("a.toml", "a = 1\nb = \n", 2),
    ],
)
def test_an_error_is_reported_near_its_line(name: str, text: str, line: int) -> None:
    found = syntax_error(Path(name), text)
    assert found is not None
    assert abs(found[0] - line) <= 1
    assert found[1]


def test_a_text_that_a_preprocessor_changes_is_not_judged() -> None:
    assert syntax_error("a.c", "int f( {\n") is None
    assert syntax_error("A.java", "class A { int f( { }\n") is not None


KOTLIN = """\
package a

actual open class ByteString
internal actual constructor(
  internal actual val data: ByteArray,
) {
  fun `odd (name`() = "a { ${if (x) "}" else '}'} \\" (" + \"\"\"raw " ( ${y[0]}\"\"\" // (
  /* { /* nested */ ( */
  fun other() = data.let { it }
}
"""


def test_of_a_language_whose_grammar_errs_only_brackets_are_believed() -> None:
    assert syntax_error("a.kt", KOTLIN) is None, "the grammar takes it for faulty, and it is not"
    assert syntax_error("a.kt", KOTLIN.replace("{ it }", "{ it")) == (6, "'{' is never closed")
    assert syntax_error("a.kt", KOTLIN.replace("{ it }", "it }")) == (10, "unexpected '}'")
    assert syntax_error("a.kt", KOTLIN.replace("{ it }", "[ it }")) == (9, "unexpected '}'")
    assert syntax_error("a.kt", KOTLIN.replace("nested */", "nested")) == (8, "'/*' is never closed")
    assert syntax_error("a.kt", KOTLIN + "val x = ?\n") is None
