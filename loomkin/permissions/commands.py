"""Splits a shell command line into simple commands with a real parser, or says why that is not possible."""

import os.path
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from loomkin.permissions.legible import ascii_form, covers, first_problem
from loomkin.permissions.redirections import RedirectionReader
from loomkin.permissions.simple import Assignment, Command, CommandLine, Redirection, Word, names
from loomkin.permissions.words import WordReader

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_DEEPEST = 60
_MOST_PLACES = 8
_CONTAINERS = names(
    "program list subshell do_group if_statement elif_clause else_clause negated_command "
    "command_substitution "
    "process_substitution"
)
_LOOPS = names("while_statement for_statement c_style_for_statement function_definition")
_SKIPPED = names("comment variable_name special_variable_name word number heredoc_start heredoc_end")
_MOVERS = names("cd pushd popd eval")
_SHELL_WRAPPERS = names("command builtin noglob time")
"""They run what follows in the shell itself, so that a change of folder stays."""

_TESTS = names("binary_expression unary_expression parenthesized_expression")

_parsers: list["Parser"] = []


def _parser() -> "Parser":
    # heavy: late on purpose
    import tree_sitter
    import tree_sitter_bash

    if not _parsers:
        _parsers.append(tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language())))
    return _parsers[0]


def read_command_line(source: str, cwd: str, home: str, *, fed: bool = False) -> CommandLine:
    """Split a bash command line that starts in the folder `cwd`; never raises for any text."""
    problem = first_problem(source)
    if problem:
        return CommandLine(source, (), problem)
    data = source.encode()
    root = _parser().parse(ascii_form(data)).root_node
    if root.has_error:
        return CommandLine(source, (), "cannot be parsed as shell")
    if not covers(root, data):
        return CommandLine(source, (), "has text that the parser left out")
    walk = _Walk(data, cwd, home)
    walk.visit(root, fed)
    commands = walk.commands
    if walk.wanders:
        commands = [_lost(command) for command in commands]
    return CommandLine(source, tuple(commands), walk.problem)


def _lost(command: Command) -> Command:
    return Command(
        command.words, command.places, command.assignments, command.redirections, True, command.fed
    )


class _Walk:
    """Collects the commands of a syntax tree in one pass."""

    def __init__(self, data: bytes, cwd: str, home: str) -> None:
        self.commands: list[Command] = []
        self.problem = ""
        self.wanders = False
        self._home = home
        self._places: tuple[str, ...] = (cwd,)
        self._lost = False
        self._depth = 0
        self._loops = 0
        self._words = WordReader(data, home, self.visit, self._evaluates, self._fail)
        self._redirections = RedirectionReader(self._words, self.visit, self._pipeline, self._fail)

    def visit(self, node: "Node", fed: bool = False) -> None:
        """Collect the commands below a node in the order of the text."""
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("is nested too deeply")
        elif node.type in _LOOPS:
            self._loops += 1
            self._loop(node, fed)
            self._loops -= 1
        elif not self.problem:
            self._statement(node, fed)
        self._depth -= 1

    def _statement(self, node: "Node", fed: bool) -> None:
        kind = node.type
        if kind in _CONTAINERS or (kind == "compound_statement" and node.children[0].type == "{"):
            self._children(node, fed)
        elif kind == "pipeline":
            self._pipeline(node, fed)
        elif kind == "command":
            self._command(node, [], fed)
        elif kind == "redirected_statement":
            self._redirected(node, fed)
        elif kind in ("declaration_command", "unset_command"):
            self._declaration(node)
        elif kind in ("variable_assignment", "variable_assignments"):
            nodes = [node] if kind == "variable_assignment" else node.named_children
            self._add([], [self._assignment(one) for one in nodes], [], fed)
        elif kind == "test_command":
            self._test(node)
        elif kind == "case_statement":
            self._case(node, fed)
        elif kind == "compound_statement":
            self._evaluates(node)
            self._words.inside(node)
        elif kind == "file_redirect":
            self._add([], [], [], fed, self._redirections.file(node))
        elif node.is_named and kind not in _SKIPPED:
            self._fail(f"has a part that is not understood ({kind})")
        elif kind == ";;":
            self._fail("has a stray ;;")

    def _children(self, node: "Node", fed: bool) -> None:
        for child in node.children:
            self.visit(child, fed)

    def _pipeline(self, node: "Node", fed: bool) -> None:
        for child in node.children:
            self.visit(child, fed)
            fed = fed or child.type in ("|", "|&")

    def _loop(self, node: "Node", fed: bool) -> None:
        if node.type == "c_style_for_statement":
            self._evaluates(node)
        body = node.child_by_field_name("body")
        for at, child in enumerate(node.children):
            field = node.field_name_for_child(at)
            if field == "variable":
                self._add([], [Assignment(self._words.text(child), f"{self._words.text(child)}=")], [], False)
            elif field == "redirect":
                self._add([], [], [], fed, self._redirections.file(child))
            elif child == body or node.type == "while_statement":
                self.visit(child, fed)
            elif node.type == "for_statement" and field == "value":
                self._words.read(child)
            else:
                self._words.inside(child)

    def _case(self, node: "Node", fed: bool) -> None:
        for child in node.named_children:
            if child.type != "case_item":
                self._words.read(child)
                continue
            for at, part in enumerate(child.children):
                if child.field_name_for_child(at) == "value":
                    self._words.read(part)
                elif part.is_named:
                    self.visit(part, fed)

    def _redirected(self, node: "Node", fed: bool) -> None:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.children if body is None or child != body]
        if body is not None and body.type == "command":
            self._command(body, redirects, fed)
            return
        fed = fed or any("<" in self._words.text(one)[:3] for one in redirects)
        if body is not None:
            self.visit(body, fed)
        redirections: list[Redirection] = []
        extra: list[Word] = []
        for one in redirects:
            self._redirections.read(one, redirections, extra)
        if extra:
            self._fail("has words behind a redirection that belong to no command")
        self._add([], [], redirections, fed)

    def _command(self, node: "Node", redirects: list["Node"], fed: bool) -> None:
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirections: list[Redirection] = []
        extra: list[Word] = []
        for child in [*node.children, *redirects]:
            if child.type == "variable_assignment":
                assignments.append(self._assignment(child))
            elif child.type.endswith("_redirect"):
                fed = fed or "<" in self._words.text(child)[:3]
                self._redirections.read(child, redirections, extra)
            elif child.type == "command_name":
                words.append(self._words.read(child.children[0]))
            elif child.type in ("subshell", "test_command"):
                self._fail("has a command in the place of a word")
            else:
                words.append(self._words.read(child))
        self._apart(node)
        self._add([*words, *extra], assignments, redirections, fed)

    def _declaration(self, node: "Node") -> None:
        words: list[Word] = []
        assignments: list[Assignment] = []
        for child in node.children:
            if child.type == "variable_assignment":
                assignments.append(self._assignment(child))
            else:
                words.append(self._words.read(child))
        self._apart(node)
        self._add(words, assignments, [], False)

    def _apart(self, node: "Node") -> None:
        for one, other in pairwise(node.children):
            if one.end_byte == other.start_byte and not other.type.endswith("_redirect"):
                self._fail("has words that the parser took apart")

    def _assignment(self, node: "Node") -> Assignment:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name":
            self._evaluates(node)
        if value is not None and value.type == "array":
            for child in value.named_children:
                self._words.read(child)
        elif value is not None:
            self._words.read(value)
        found = self._words.text(name) if name else ""
        if not found.isascii():
            self._fail("has a variable name that is none")
        return Assignment(found, self._words.text(node))

    def _test(self, node: "Node") -> None:
        words: list[Word] = []
        pending = list(reversed(node.children))
        while pending:
            child = pending.pop()
            if child.type in _TESTS:
                pending.extend(reversed(child.children))
            else:
                words.append(self._words.read(child))
        self._add(words, [], [], False)

    def _evaluates(self, node: "Node") -> None:
        source = self._words.text(node)
        self._add([Word("((", "(("), Word(source, source)], [], [], False)

    def _fail(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _add(
        self,
        words: list[Word],
        assignments: list[Assignment],
        redirections: list[Redirection],
        fed: bool,
        more: tuple[list[Redirection], list[Word]] = ([], []),
    ) -> None:
        words, redirections = [*words, *more[1]], [*redirections, *more[0]]
        if not (words or assignments or redirections):
            return
        found = Command(tuple(words), self._places, tuple(assignments), tuple(redirections), self._lost, fed)
        self.commands.append(found)
        if found.program in ("cd", "pushd", "popd"):
            self._moves(found)
        elif found.program == "eval" or (found.program in _SHELL_WRAPPERS and _MOVERS & {*found.texts}):
            self.wanders = self.wanders or self._loops > 0
            self._lost = True

    def _moves(self, command: Command) -> None:
        self.wanders = self.wanders or self._loops > 0
        words = [word for word in command.words[1:] if not re.fullmatch(r"-[LPe@]+|--", word.text)]
        target = words[0] if words else Word(self._home, "")
        if (
            command.program != "cd"
            or target.dynamic
            or target.pattern
            or target.text == "-"
            or len(words) > 1
        ):
            self._lost = True
            return
        reached = tuple(os.path.normpath(os.path.join(place, target.text)) for place in self._places)
        self._places = tuple(dict.fromkeys([*self._places, *reached]))
        if len(self._places) > _MOST_PLACES:
            self._fail("changes folders too often")
