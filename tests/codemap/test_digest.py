"""What the map keeps of a file, in every language: definitions, and names in code but not in words."""

import pytest

from loomkin.codemap.digest import Packed, digest, lines_with, packed
from loomkin.codemap.languages import QUERIES
from loomkin.codemap.words import Pieces, stem
from loomkin.project.grammars import language_of

# each defines `Makes` or `makes`, uses `callee` on its third line, and names `ghost` in words alone
SOURCES = {
    "a.py": 'LIMIT = 3\ndef makes(a):\n    callee(a)  # ghost\n    return "ghost"\n',
    "a.js": 'const LIMIT = 3\nfunction makes(a) {\n  callee(a) // ghost\n  return "ghost"\n}\n',
    "a.ts": "const LIMIT: number = 3\nfunction makes(a: T) {\n  callee(a) // ghost\n  return `ghost`\n}\n",
    "a.tsx": "export const LIMIT = 3\nconst makes = (a: T) => (\n  <b>{callee(a)} ghost</b>\n)\n",
    "a.go": 'package a; const LIMIT = 3\nfunc makes(a T) T {\n\tcallee(a) // ghost\n\treturn "ghost"\n}\n',
    "a.rs": 'const LIMIT: u8 = 3;\nfn makes(a: T) -> S {\n    callee(a); // ghost\n    S::of("ghost")\n}\n',
    "a.java": 'class LIMIT {\n  String makes(T a) {\n    callee(a); // ghost\n    return "ghost";\n  }\n}\n',
    "a.c": '#define LIMIT 3\nchar *makes(int a) {\n  callee(a); /* ghost */\n  return "ghost";\n}\n',
    "a.cpp": '#define LIMIT 3\nstring makes(T a) {\n  callee(a); // ghost\n  return "ghost";\n}\n',
    "a.cs": 'class LIMIT {\n  string makes(T a) {\n    callee(a); // ghost\n    return "ghost";\n  }\n}\n',
    "a.rb": 'LIMIT = 3\ndef makes(a)\n  callee(a) # ghost\n  "ghost #{a}"\nend\n',
    "a.php": '<?php const LIMIT = 3;\nfunction makes($a) {\n  callee($a); // ghost\n  return "ghost";\n}\n',
    "a.ex": 'defmodule LIMIT do\n  def makes(a) do\n    callee(a) # ghost\n    "ghost"\n  end\nend\n',
    "a.kt": 'val LIMIT = 3\nfun makes(a: T): String {\n  callee(a) // ghost\n  return "ghost"\n}\n',
    "a.sh": 'function LIMIT() { :; }\nmakes() {\n  callee "$1" # ghost\n  echo "ghost"\n}\n',
    "a.lua": 'function LIMIT() end\nfunction makes(a)\n  callee(a) -- ghost\n  return "ghost"\nend\n',
}


def test_every_language_is_shown_here() -> None:
    assert {language_of(path) for path in SOURCES} == set(QUERIES)


@pytest.mark.parametrize("path", SOURCES)
def test_definitions_have_lines_and_signatures_and_words_are_no_code(path: str) -> None:
    found = digest(path, SOURCES[path], Pieces())
    own = {one.own: one for one in found.outline}
    assert {"LIMIT", "makes"} <= set(own)
    assert own["makes"].first == 2
    assert "makes" in own["makes"].signature
    assert not own["makes"].signature.endswith(("{", ":", " "))
    assert found.names["callee"] == 1
    assert "ghost" not in found.names
    assert "ghost" in found.terms


@pytest.mark.parametrize("path", SOURCES)
def test_references_are_lines_of_code_and_the_definition_is_told_apart(path: str) -> None:
    assert lines_with(path, SOURCES[path], "callee") == [(3, False)]
    assert lines_with(path, SOURCES[path], "makes") == [(2, True)]
    assert lines_with(path, SOURCES[path], "ghost") == []


@pytest.mark.parametrize("path", [*SOURCES, "a.swift", "empty.py"])
def test_a_digest_comes_back_as_it_was_kept(path: str) -> None:
    made = digest(path, SOURCES.get(path, ""), Pieces())
    kept = Packed(packed(made))
    assert kept.outline() == made.outline
    assert {name: times for name, times in kept.names() if name} == made.names
    assert {term: number for term, number in kept.terms() if term} == made.terms


def test_a_language_without_a_grammar_is_read_for_its_names() -> None:
    text = "public class Basket {\n  func totalPrice() -> Int { return tax(1) }\n}\n"
    found = digest("a.swift", text, Pieces())
    assert [(one.name, one.first) for one in found.outline] == [("Basket", 1), ("totalPrice", 2)]
    assert found.names["tax"] == 1
    assert lines_with("a.swift", text, "tax") == [(2, False)]


@pytest.mark.parametrize(
    "text", ["", "\0\0", "def (((\n", "é" * 10, "\ud800 def x", "x" * 5_000, "class A:\n\tdef"]
)
def test_no_text_makes_it_fail(text: str) -> None:
    for path in (*SOURCES, "a.unknown"):
        made = digest(path, text, Pieces())
        assert Packed(packed(made)).outline() == made.outline


def test_a_file_that_programs_wrote_for_programs_is_known_by_its_name_alone() -> None:
    assert digest("a.min.js", "function f(){};" * 1_000, Pieces()).outline == ()


@pytest.mark.parametrize(
    ("words", "common"),
    [("caches cached caching cache", "cach"), ("parser parsers parse parsed", "pars"), ("class", "class")],
)
def test_forms_of_a_word_have_one_stem(words: str, common: str) -> None:
    assert {stem(word) for word in words.split()} == {common}
