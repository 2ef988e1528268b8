"""A language server that follows a plan: `python language_server.py PLAN.json`; what it heard is in a file.

It reports an error for every `ERROR:words` in an open file, a warning for every `WARN:words`, an error for
every `USE:name` that no file has as `def name`, and knows names as words. The plan names faults; with `lives`
they happen in the first so many lives of the process only.
"""

import json
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

PLAN: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
LOG = Path(PLAN["log"])
OPEN: dict[str, tuple[int, str]] = {}
LOCK = threading.Lock()


def write(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    with LOCK:
        os.write(1, b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def read() -> dict[str, Any] | None:
    size = 0
    while line := sys.stdin.buffer.readline():
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
        elif not line.strip() and size:
            message: dict[str, Any] = json.loads(sys.stdin.buffer.read(size))
            with LOG.open("a") as log:
                log.write(json.dumps(message) + "\n")
            return message
    return None


def life() -> int:
    """How many processes there were before this one."""
    lives = LOG.with_suffix(".lives")
    number = int(lives.read_text()) if lives.exists() else 0
    lives.write_text(str(number + 1))
    return number


LIFE = life()
FAULTS = PLAN if PLAN.get("lives", 1000) > LIFE else {"log": PLAN["log"]}


def units(words: str) -> int:
    encoding = PLAN.get("encoding", "utf-16")
    return len(words.encode(encoding + ("" if encoding == "utf-8" else "-le"))) // {
        "utf-8": 1,
        "utf-16": 2,
    }.get(encoding, 4)


def spread(line: int, words: str, start: int, end: int) -> dict[str, Any]:
    return {
        "start": {"line": line, "character": units(words[:start])},
        "end": {"line": line, "character": units(words[:end])},
    }


def problems(text: str) -> list[dict[str, Any]]:
    defined = {name for one in texts().values() for name in re.findall(r"def (\w+)", one)}
    return [
        {
            "range": spread(number, line, found.start(), found.end()),
            "severity": 2 if found[1] == "WARN" else 1,
            "message": found[2],
            "code": "fake",
            "source": "fake",
        }
        for number, line in enumerate(text.splitlines())
        for found in re.finditer(r"(ERROR|WARN|USE):(\w+)", line)
        if found[1] != "USE" or found[2] not in defined
    ]


def publish(uri: str) -> None:
    version, text = OPEN[uri]
    if FAULTS.get("silent") or PLAN.get("pull"):
        return
    about: dict[str, Any] = {"uri": uri, "diagnostics": problems(text)}
    if FAULTS.get("old_version_first"):
        write(
            {
                "method": "textDocument/publishDiagnostics",
                "params": {**about, "version": version - 1, "diagnostics": []},
            }
        )
    if not FAULTS.get("versionless"):
        about["version"] = version
    write({"method": "textDocument/publishDiagnostics", "params": about})


def texts() -> dict[str, str]:
    """All files of the folder, open ones as they are open."""
    found = {
        "file://" + str(path): path.read_bytes().decode()
        for path in sorted(Path.cwd().rglob("*" + PLAN.get("files", ".fake")))
    }
    return found | {uri: text for uri, (_, text) in OPEN.items()}


def uses(uri: str, position: dict[str, int]) -> list[tuple[str, dict[str, Any]]]:
    line = texts()[uri].splitlines()[position["line"]]
    here = [
        one
        for one in re.finditer(r"\w+", line)
        if units(line[: one.start()]) <= position["character"] <= units(line[: one.end()])
    ]
    name = here[0][0] if here else None
    return [
        (where, spread(number, words, found.start(), found.end()))
        for where, text in texts().items()
        for number, words in enumerate(text.splitlines())
        for found in re.finditer(r"\w+", words)
        if found[0] == name
    ]


def edits(params: dict[str, Any]) -> dict[str, Any]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for uri, where in uses(params["textDocument"]["uri"], params["position"]):
        by_file.setdefault(uri, []).append({"range": where, "newText": params["newName"]})
    if PLAN.get("moves_files"):
        return {"documentChanges": [{"kind": "rename", "oldUri": "file:///a", "newUri": "file:///b"}]}
    if PLAN.get("overlaps"):
        by_file = {uri: [*those, {**those[0], "newText": "other"}] for uri, those in by_file.items()}
    return {"changes": by_file}


def answer(message: dict[str, Any]) -> Any:
    method, params = message["method"], message.get("params") or {}
    uri = params.get("textDocument", {}).get("uri", "")
    match method:
        case "initialize":
            providers = (
                "definitionProvider",
                "referencesProvider",
                "hoverProvider",
                "workspaceSymbolProvider",
                "documentSymbolProvider",
            )
            return {
                "capabilities": {
                    "positionEncoding": PLAN.get("encoding", "utf-16"),
                    "textDocumentSync": {"openClose": True, "change": 1, "save": True},
                    "renameProvider": {"prepareProvider": True},
                    **({"diagnosticProvider": {"interFileDependencies": True}} if PLAN.get("pull") else {}),
                    **dict.fromkeys(providers, True),
                },
            }
        case "textDocument/diagnostic":
            return {"kind": "full", "items": problems(OPEN[uri][1])}
        case "textDocument/references":
            return [{"uri": where, "range": place} for where, place in uses(uri, params["position"])]
        case "textDocument/definition":
            return [
                {"targetUri": where, "targetSelectionRange": place}
                for where, place in uses(uri, params["position"])[:1]
            ]
        case "textDocument/rename":
            return edits(params)
        case "textDocument/documentSymbol":
            return [
                {"name": found[1], "kind": 12, "range": where, "selectionRange": where}
                for number, line in enumerate(OPEN[uri][1].splitlines())
                for found in re.finditer(r"def (\w+)", line)
                for where in [spread(number, line, found.start(), found.end())]
            ]
        case "workspace/symbol":
            return [
                {
                    "name": params["query"],
                    "kind": 12,
                    "location": {"uri": where, "range": spread(0, text, 0, 1)},
                }
                for where, text in texts().items()
                if params["query"] in text
            ]
        case "textDocument/hover":
            found: Any = {"contents": {"kind": "plaintext", "value": "x" * PLAN.get("huge", 3)}}
        case "textDocument/prepareRename":
            found = {"placeholder": "x"} if uses(uri, params["position"]) else None
        case _:
            found = None
    return found


def fault(method: str) -> None:
    """What goes wrong when that method comes."""
    if FAULTS.get("dies_at") == method:
        os.write(2, b"it was too much in life %d\n" % LIFE)
        os._exit(7)
    if FAULTS.get("garbage_at") == method:
        os.write(1, b"a line that is no message\n" * PLAN.get("lines", 3))
    if FAULTS.get("oversized_at") == method:
        os.write(1, b"Content-Length: 99999999999\r\n\r\n")
    if FAULTS.get("strange_ids_at") == method:
        for strange in (99999, "text", None):
            write({"id": strange, "result": 1})
        write({"neither": "method nor id"})
    if FAULTS.get("asks_at") == method:
        for number, (asked, params) in enumerate(QUESTIONS):
            write({"id": f"q{number}", "method": asked, "params": params})


QUESTIONS: tuple[tuple[str, Any], ...] = (
    ("workspace/configuration", {"items": [{"section": "fake.deep"}, {"section": "other"}]}),
    ("client/registerCapability", {"registrations": []}),
    ("window/workDoneProgress/create", {"token": 1}),
    ("workspace/applyEdit", {"edit": {}}),
    ("fake/unheardOf", None),
)


def main() -> None:
    if FAULTS.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ballast = bytearray(FAULTS.get("megabytes", 0) << 20)
    for at in range(0, len(ballast), 4096):
        ballast[at] = 1
    while (message := read()) is not None:
        method = message.get("method", "")
        fault(method)
        if method == "exit" and not FAULTS.get("deaf"):
            return
        if method in ("textDocument/didOpen", "textDocument/didChange"):
            document = message["params"]["textDocument"]
            text = document.get("text") or message["params"]["contentChanges"][0]["text"]
            OPEN[document["uri"]] = (document["version"], text)
            publish(document["uri"])
        elif method == "textDocument/didClose":
            OPEN.pop(message["params"]["textDocument"]["uri"], None)
        if "id" in message and method and FAULTS.get("hangs_at") != method:
            write({"id": message["id"], "result": answer(message)})
    if FAULTS.get("deaf"):
        signal.pause()


if __name__ == "__main__":
    main()
