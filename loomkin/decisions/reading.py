"""Looking into the decision graph of a repository, and saying what of it cannot be."""

from loomkin.decisions.drafts import Graph, GraphError
from loomkin.decisions.lines import few, marks
from loomkin.errors import NotFoundError
from loomkin.records.decision import DecisionEdge, Node, NodeKind, NodeStatus
from loomkin.store import decisions as store
from loomkin.store.database import Database


class GraphReader:
    """Reads the graph of one repository."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def snapshot(self) -> Graph:
        """The whole graph as it is now."""
        nodes, edges = store.everything(self.database)
        return Graph({node.change_id: node for node in nodes}, tuple(edges))

    def node(self, word: str) -> Node:
        """The node of an id such as `d42` or `42`, of a change id, or of a title; raises NotFoundError."""
        wanted = word.strip()
        wanted = f"d{wanted}" if wanted.isdigit() else wanted
        found = store.find(self.database, wanted) or store.find(self.database, wanted.lower())
        return found or self._titled(word)

    def _titled(self, word: str) -> Node:
        """The one node of a title; raises GraphError for several, NotFoundError for none."""
        named = store.listed(self.database, title=word.strip())
        if len(named) > 1:
            raise GraphError(
                f"{len(named)} nodes are called {word.strip()!r}: {few([_marked(one) for one in named])}.",
                hint="Say which by its id.",
            )
        if not named:
            near = store.search(self.database, word) or store.listed(self.database)
            some = few([f"{one.id} ({one.title})" for one in near], 3)
            raise NotFoundError(f"There is no decision {word!r}.", hint=f"There are: {some or 'none yet'}.")
        return named[0]

    def known(self, edge: DecisionEdge) -> DecisionEdge | None:
        """The edge of that type that is there between the same two nodes."""
        key = (edge.start, edge.end, edge.type)
        there = store.edges_of(self.database, [edge.start])
        return next((one for one in there if (one.start, one.end, one.type) == key), None)

    def refuse_circle(self, edge: DecisionEdge) -> None:
        """Raise GraphError with the whole circle that an edge would close."""
        if edge.order is None:
            return
        earlier, later = edge.order
        if way := store.way(self.database, later, earlier):
            names = {node.change_id: node.id for node in store.some(self.database, way)}
            circle = " -> ".join(names.get(one, one) for one in [*way, later])
            raise GraphError(
                f"That would close a circle: {circle}.",
                hint="Each of these comes before the next. Unlink one of them, or choose another edge.",
            )

    def equal_goal(self, title: str) -> Node | None:
        """The active goal of that title, whatever its case."""
        goals = store.listed(self.database, (NodeKind.GOAL,), status=NodeStatus.ACTIVE)
        return next((goal for goal in goals if goal.title.casefold() == title.casefold()), None)


def _marked(node: Node) -> str:
    return f"{node.id} {node.kind}{marks(node)}"
