"""Patch files: a part of the graph as sorted JSON, which stays the same while the graph does."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loomkin.decisions.drafts import GraphError, confidence_of, paths_of, title_of
from loomkin.decisions.patch_fields import Entry, PatchError
from loomkin.records.dataclass import replace
from loomkin.records.decision import (
    Author,
    DecisionEdge,
    EdgeType,
    Node,
    NodeKind,
    NodeStatus,
    Origin,
    Wording,
)
from loomkin.records.ids import DecisionId, SessionId
from loomkin.store.decision_log import EdgeWord, Key, LastWords, NodeWord, key_of

FORMAT, VERSION = "loomkin-decisions", 1
LARGEST = 64 << 20
"""Bytes that a reader of such a file should take at most."""


def chosen(said: LastWords, wanted: Callable[[NodeWord], bool], since: float = 0.0) -> LastWords:
    """The wanted nodes that were changed since then, gone ones too, with what they are linked to."""
    nodes = {change: word for change, word in said.nodes.items() if word.at > since and wanted(word)}
    edges = {
        key: word
        for key, word in said.edges.items()
        if (key[0] in nodes or key[1] in nodes or (word.at > since and _near(said, key, wanted)))
        and (word.gone or said.seen(key))
    }
    ends = {end for key, word in edges.items() if not word.gone for end in key[:2]}
    return LastWords({**nodes, **{end: said.nodes[end] for end in ends}}, edges)


def _near(said: LastWords, key: Key, wanted: Callable[[NodeWord], bool]) -> bool:
    return any(end in said.nodes and wanted(said.nodes[end]) for end in key[:2])


def written(said: LastWords, *, prompts: bool = False) -> str:
    """The file: one object a node and an edge, the same words in the same order every time."""
    nodes = sorted(said.nodes.items())
    edges = sorted(said.edges.items())
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "nodes": [_node(word, prompts) for _, word in nodes if not word.gone],
        "edges": [_edge(word) for _, word in edges if not word.gone],
        "removed_nodes": [_gone_node(word) for _, word in nodes if word.gone],
        "removed_edges": [_gone_edge(word) for _, word in edges if word.gone],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> LastWords:
    """What a file says; raises PatchError that names the entry at fault."""
    try:
        whole = json.loads(text, parse_constant=_no_constant)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise PatchError(f"The file is not a patch of decisions: it is not JSON ({error}).") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise PatchError("The file is not a patch of decisions.")
    if whole.get("version") != VERSION:
        raise PatchError(
            f"The file has version {whole.get('version')!r} of the format; this loomkin knows {VERSION}.",
            hint="Apply it with the loomkin that wrote it, or a newer one. Nothing was changed.",
        )
    nodes = [
        *(_read_node(entry) for entry in Entry.all_of(whole, "nodes")),
        *(_read_gone_node(entry) for entry in Entry.all_of(whole, "removed_nodes")),
    ]
    edges = [
        *(_read_edge(entry) for entry in Entry.all_of(whole, "edges")),
        *(_read_gone_edge(entry) for entry in Entry.all_of(whole, "removed_edges")),
    ]
    _refuse_twice(word.node.change_id for word in nodes)
    _refuse_twice(" ".join(key_of(word.edge)) for word in edges)
    return LastWords(
        {word.node.change_id: word for word in nodes}, {key_of(word.edge): word for word in edges}
    )


def content(node: Node) -> Mapping[str, object]:
    """What of a node is the same in every clone and can change: all of its wording but keepers."""
    wording = node.wording
    return {
        "title": wording.title,
        "description": wording.description,
        "status": wording.status.value,
        "reason": wording.reason,
        "confidence": wording.confidence,
        "failed": wording.failed,
        "files": list(wording.files),
        "branch": wording.branch,
        "commit": wording.commit,
        "messages": list(wording.messages),
    }


def _node(word: NodeWord, prompts: bool) -> dict[str, object]:
    node, origin = word.node, word.node.origin
    plain = {
        "change_id": node.change_id,
        "kind": node.kind.value,
        **content(node),
        "author": origin.author.value,
        "agent": origin.agent,
        "session": origin.session,
        "task": origin.task,
        "prompt": origin.prompt if prompts else "",
        "created": node.created,
        "revised": word.at,
    }
    return {name: value for name, value in plain.items() if value not in ("", None, False, [])}


def _edge(word: EdgeWord) -> dict[str, object]:
    edge = word.edge
    plain = {
        "change_id": edge.change_id,
        "from": edge.start,
        "to": edge.end,
        "type": edge.type.value,
        "reason": edge.reason,
        "created": edge.created,
        "revised": word.at,
    }
    return {name: value for name, value in plain.items() if value != ""}


def _gone_node(word: NodeWord) -> dict[str, object]:
    node = word.node
    return {"change_id": node.change_id, "kind": node.kind.value, "title": node.title, "revised": word.at}


def _gone_edge(word: EdgeWord) -> dict[str, object]:
    edge = word.edge
    return {"from": edge.start, "to": edge.end, "type": edge.type.value, "revised": word.at}


def _read_node(entry: Entry) -> NodeWord:
    at, kind = entry.time("revised"), entry.one_of("kind", NodeKind)
    with entry.faults():
        wording = Wording(
            title_of(entry.text("title", needed=True)),
            entry.text("description"),
            entry.one_of("status", NodeStatus),
            entry.text("reason"),
            confidence_of(entry.number("confidence")),
            entry.flag("failed"),
            paths_of(entry.texts("files")),
            entry.text("branch"),
            entry.text("commit"),
            entry.texts("messages"),
        )
        if wording.failed and kind is not NodeKind.OUTCOME:
            raise GraphError("only an outcome can have failed")
    origin = Origin(
        entry.one_of("author", Author),
        entry.text("agent"),
        SessionId(entry.text("session")),
        entry.text("task"),
        entry.text("prompt"),
    )
    return NodeWord(
        at, Node(DecisionId(""), entry.name("change_id"), kind, wording, origin, entry.time("created"), at)
    )


def _read_gone_node(entry: Entry) -> NodeWord:
    at, kind = entry.time("revised"), entry.one_of("kind", NodeKind)
    with entry.faults():
        wording = Wording(title_of(entry.text("title", needed=True)))
    node = Node(DecisionId(""), entry.name("change_id"), kind, wording, Origin(), at, at)
    return NodeWord(at, node, gone=True)


def _read_edge(entry: Entry) -> EdgeWord:
    bare = _read_gone_edge(entry)
    edge = replace(
        bare.edge,
        change_id=entry.name("change_id"),
        reason=entry.text("reason"),
        created=entry.time("created"),
    )
    return EdgeWord(bare.at, edge)


def _read_gone_edge(entry: Entry) -> EdgeWord:
    start, end, at = entry.name("from"), entry.name("to"), entry.time("revised")
    if start == end:
        raise entry.fault(f"it leads from {start} to itself")
    return EdgeWord(at, DecisionEdge("", start, end, entry.one_of("type", EdgeType), "", at), gone=True)


def _refuse_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PatchError(f"The file says two things of {name}.")
        seen.add(name)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")
