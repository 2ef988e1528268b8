"""Which language a file is in, and the grammar that reads it; imported when a file of it is first read."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language

LARGEST = 1_000_000
"""Characters of the longest text that is parsed."""

_LANGUAGES = {
    **dict.fromkeys((".py", ".pyi"), "python"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    ".tsx": "tsx",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    **dict.fromkeys((".c", ".h"), "c"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"), "cpp"),
    **dict.fromkeys((".rb", ".rake"), "ruby"),
    ".php": "php",
    **dict.fromkeys((".sh", ".bash"), "bash"),
    **dict.fromkeys((".cs", ".csx"), "c_sharp"),
    **dict.fromkeys((".ex", ".exs"), "elixir"),
    **dict.fromkeys((".kt", ".kts"), "kotlin"),
    ".lua": "lua",
}


def language_of(path: Path | str) -> str | None:
    """The language of a file by its ending, None where no grammar reads it."""
    return _LANGUAGES.get(os.path.splitext(path)[1].lower())


def _python() -> object:
    import tree_sitter_python  # heavy: late on purpose

    return tree_sitter_python.language()


def _javascript() -> object:
    import tree_sitter_javascript  # heavy: late on purpose

    return tree_sitter_javascript.language()


def _typescript() -> object:
    import tree_sitter_typescript  # heavy: late on purpose

    return tree_sitter_typescript.language_typescript()


def _tsx() -> object:
    import tree_sitter_typescript  # heavy: late on purpose

    return tree_sitter_typescript.language_tsx()


def _go() -> object:
    import tree_sitter_go  # heavy: late on purpose

    return tree_sitter_go.language()


def _rust() -> object:
    import tree_sitter_rust  # heavy: late on purpose

    return tree_sitter_rust.language()


def _java() -> object:
    import tree_sitter_java  # heavy: late on purpose

    return tree_sitter_java.language()


def _c() -> object:
    import tree_sitter_c  # heavy: late on purpose

    return tree_sitter_c.language()


def _cpp() -> object:
    import tree_sitter_cpp  # heavy: late on purpose

    return tree_sitter_cpp.language()


def _ruby() -> object:
    import tree_sitter_ruby  # heavy: late on purpose

    return tree_sitter_ruby.language()


def _php() -> object:
    import tree_sitter_php  # heavy: late on purpose

    return tree_sitter_php.language_php()


def _bash() -> object:
    import tree_sitter_bash  # heavy: late on purpose

    return tree_sitter_bash.language()


def _c_sharp() -> object:
    import tree_sitter_c_sharp  # heavy: late on purpose

    return tree_sitter_c_sharp.language()


def _elixir() -> object:
    import tree_sitter_elixir  # heavy: late on purpose

    return tree_sitter_elixir.language()


def _kotlin() -> object:
    import tree_sitter_kotlin  # heavy: late on purpose

    return tree_sitter_kotlin.language()


def _lua() -> object:
    import tree_sitter_lua  # heavy: late on purpose

    return tree_sitter_lua.language()


_GRAMMARS = {
    "python": _python,
    "javascript": _javascript,
    "typescript": _typescript,
    "tsx": _tsx,
    "go": _go,
    "rust": _rust,
    "java": _java,
    "c": _c,
    "cpp": _cpp,
    "ruby": _ruby,
    "php": _php,
    "bash": _bash,
    "c_sharp": _c_sharp,
    "elixir": _elixir,
    "kotlin": _kotlin,
    "lua": _lua,
}


@cache
def grammar(name: str) -> "Language":
    """The grammar of a language that `language_of` named; threads may share it, a parser they may not."""
    from tree_sitter import Language  # heavy: late on purpose

    return Language(_GRAMMARS[name]())
