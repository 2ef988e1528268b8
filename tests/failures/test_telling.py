"""Which line of a failed command tells what went wrong, and whether it is a failure worth knowing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.failures.commands import read
from loomkin.failures.telling import Cause, telling

COLLECTION = """\
==================================== ERRORS ====================================
_______________________ ERROR collecting tests/test_a.py _______________________
ImportError while importing test module '/p/tests/test_a.py'.
tests/test_a.py:1: in <module>
    import yaml
E   ModuleNotFoundError: No module named 'yaml'
=========================== short test summary info ============================
ERROR tests/test_a.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
1 error in 0.08s
exit 2"""
RED = """\
    def test_a():
>       open("/srv/x")
E       PermissionError: [Errno 13] Permission denied: '/srv/x'
=========================== short test summary info ============================
FAILED tests/test_a.py::test_a - PermissionError: [Errno 13] Permission denied
1 failed, 3 passed in 0.08s
exit 1"""
UNITTEST = """\
FAIL: test_a (test_a.A.test_a)
Traceback (most recent call last):
  File "/p/test_a.py", line 5, in test_a
AssertionError: 1 != 2
Ran 1 test in 0.001s

FAILED (failures=1)
exit 1"""
JEST = """\
 FAIL  src/a.test.js
  ● Test suite failed to run

    Cannot find module 'left-pad' from 'src/a.js'

Test Suites: 1 failed, 1 total
exit 1"""
SYNTAX = """\
  File "/p/app.py", line 3
    def broken(
              ^
SyntaxError: '(' was never closed
exit 1"""
TRACEBACK = """\
Traceback (most recent call last):
  File "/p/app.py", line 9, in <module>
    main()
ValueError: no such colour
exit 1"""


@pytest.mark.parametrize(
    ("command", "code", "output", "line"),
    [
        ("foo bar", 127, "/usr/bin/bash: line 1: foo: command not found\nexit 127: …",
         "foo: command not found"),
        ("./run.sh", 126, "bash: line 1: ./run.sh: Permission denied\nexit 126",
         "./run.sh: Permission denied"),
        ("python -m pytest", 1, "/usr/bin/python: No module named pytest\nexit 1",
         "/usr/bin/python: No module named pytest"),
        ("pytest -q", 2, COLLECTION, "E   ModuleNotFoundError: No module named 'yaml'"),
        ("pytest --nope", 4, "ERROR: usage: pytest [options]\npytest: error: unrecognized arguments: --nope",
         "pytest: error: unrecognized arguments: --nope"),
        ("pytest missing", 4, "no tests ran in 0.00s\nERROR: file or directory not found: missing",
         "ERROR: file or directory not found: missing"),
        ("npx jest", 1, JEST, "Cannot find module 'left-pad' from 'src/a.js'"),
        ("npm run build", 1, 'npm ERR! Missing script: "build"\nnpm ERR! See also…',
         'npm ERR! Missing script: "build"'),
        ("pip install nope", 1, "ERROR: Could not find a version that satisfies the requirement nope\nERROR:",
         "ERROR: Could not find a version that satisfies the requirement nope"),
        ("make all", 2, "make: *** No rule to make target 'all'.  Stop.",
         "make: *** No rule to make target 'all'.  Stop."),
        ("cargo build", 101, "error: could not find `Cargo.toml` in `/p` or any parent directory",
         "error: could not find `Cargo.toml` in `/p` or any parent directory"),
        ("go test ./...", 1, "go: go.mod file not found in current directory or any parent directory",
         "go: go.mod file not found in current directory or any parent directory"),
        ("tsc -p .", 2, "src/a.ts(1,20): error TS2307: Cannot find module './b' or its types.",
         "src/a.ts(1,20): error TS2307: Cannot find module './b' or its types."),
        ("ruff chekc", 2, "error: unrecognized subcommand 'chekc'\n\n  tip: a similar one",
         "error: unrecognized subcommand 'chekc'"),
        ("mypy --strct", 2, "usage: mypy [-h]\nmypy: error: unrecognized arguments: --strct",
         "mypy: error: unrecognized arguments: --strct"),
        ("git push origin nope", 1, "error: src refspec nope does not match any\nfatal: bad",
         "fatal: bad"),
        ("grep --nope x", 2, "grep: unrecognized option '--nope'\nUsage: grep",
         "grep: unrecognized option '--nope'"),
        ("python app.py", 1, SYNTAX, "SyntaxError: '(' was never closed"),
        ("./a.out", 139, "", "ended with 139"),
    ],
)  # fmt: skip
def test_a_command_that_could_not_do_its_work_is_known_by_its_first_telling_line(
    command: str, code: int, output: str, line: str
) -> None:
    found = telling(read(command, "."), code, output)
    assert (found.cause, found.line) == (Cause.COMMAND, line)


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("pytest -q", 1, RED),
        ("python -m unittest", 1, UNITTEST),
        ("cargo test", 101, "test a::b ... FAILED\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored"),
        ("cargo build", 101, "error[E0308]: mismatched types\n --> a.rs:3\nerror: could not compile `a`"),
        ("go test ./...", 1, "--- FAIL: TestA (0.00s)\n    a_test.go:5: got 1\nFAIL\tp/a\t0.1s"),
        ("go build", 1, "# p/a\n./a.go:3:5: undefined: x"),
        ("tsc -p .", 2, "src/a.ts(3,5): error TS2304: Cannot find name 'x'."),
        ("ruff check", 1, "a.py:1:1: F401 `os` imported but unused\nFound 1 error."),
        ("flake8", 1, "./a.py:1:80: E501 line too long (90 > 79 characters)"),
        ("mypy .", 1, 'a.py:3: error: Incompatible types  [assignment]\nFound 1 error in 1 file'),
        ("npx eslint .", 1, "/p/a.js\n  1:1  error  'x' is not defined  no-undef\n\n✖ 1 problem (1 error)"),
        ("npm test", 1, "  1 passing (3ms)\n  1 failing\n\n  1) adds:\n     AssertionError: 1 is not 2"),
        ("gcc a.c", 1, "a.c:3:5: error: expected ';' before '}' token"),
    ],
)  # fmt: skip
def test_red_tests_findings_and_compile_errors_are_no_failures_of_the_command(
    command: str, code: int, output: str
) -> None:
    assert telling(read(command, "."), code, output).cause is Cause.CODE


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("ls missing", 2, "ls: cannot access 'missing': No such file or directory"),
        ("cat a | grep b", 1, ""),
        ("[ -f x ] && echo there", 1, ""),
        ("git rev-parse --verify nope", 128, "fatal: Needed a single revision"),
        (
            "curl -f localhost:1/health",
            7,
            "curl: (7) Failed to connect to localhost port 1: Connection refused",
        ),
        ("make all", 130, "make: *** [all] Interrupt"),
        ("sleep 100", -15, ""),
        ("cd src && rg nowhere; test -d x", 1, ""),
        ("rm_if_there x", 1, ""),
    ],
)
def test_looks_in_vain_and_what_was_stopped_are_nothing(command: str, code: int, output: str) -> None:
    assert telling(read(command, "."), code, output).cause is Cause.NOTHING


def test_what_does_not_say_why_is_known_by_its_last_words_and_its_file() -> None:
    found = telling(read("python app.py", "."), 1, TRACEBACK)
    assert (found.cause, found.line, found.path) == (Cause.OTHER, "ValueError: no such colour", "/p/app.py")
    silent = telling(read("./deploy", "."), 3, "Deploying\nRollback: error 7 in stage two\nexit 3")
    assert (silent.cause, silent.line) == (Cause.OTHER, "Rollback: error 7 in stage two")


@given(
    st.lists(st.sampled_from([*RED.splitlines(), *COLLECTION.splitlines(), *JEST.splitlines(), "", "x: y"]))
)
def test_any_output_is_read_without_a_fault(lines: list[str]) -> None:
    found = telling(read("pytest", "."), 1, "\n".join(lines))
    assert (found.line != "") == (found.cause in (Cause.COMMAND, Cause.OTHER))
