"""The services that tools name in their constructors, by type."""

from typing import TYPE_CHECKING, Any

from loomkin.project.sight import Sight
from loomkin.project.workplace import Workplace
from loomkin.records.role import Role
from loomkin.workspace.ground import Ground
from loomkin.workspace.session import Session

if TYPE_CHECKING:
    from loomkin.workspace.teamwork import Teamwork
    from loomkin.workspace.watching import Watching


class Services(dict[type, Any]):
    """Services by type; sub-agents and the team are made when a tool first names a part of them."""

    ground: Ground | None = None
    _company: "Teamwork | None" = None
    _session: tuple[Session, Role] | None = None
    _atlas: Any = None
    _watching: "Watching | None" = None

    def __missing__(self, kind: type) -> Any:
        if self.ground is not None and kind.__module__ == "loomkin.agent.sub_agents":
            self[kind] = kind(self.ground)
            return self[kind]
        if self.ground is not None and kind.__module__ == "loomkin.decisions.desk":
            self[kind] = self.ground.desk
            return self[kind]
        if self.ground is not None and kind.__module__ == "loomkin.tooling.remembering":
            self[kind] = self.ground.memory
            return self[kind]
        if kind.__module__ == "loomkin.codemap.late":
            place = self[Workplace]
            self[kind] = self._atlas = kind(place.root, place.outputs.parent / "map.db")
            return self[kind]
        if self.ground is not None and kind.__module__ == "loomkin.lsp.service":
            self[kind] = self.ground.crew.languages.service()
            return self[kind]
        in_team = kind.__module__.startswith("loomkin.team.")
        if self.ground is None or self._company is not None or not in_team:
            raise KeyError(kind)
        self.company()
        return self[kind]

    def __enter__(self) -> "Services":
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened for tools alone."""
        if self._atlas is not None:
            self._atlas.close()

    def company(self) -> "Teamwork":
        """The session's team, which is made now where there is none yet."""
        if self._company is None:
            from loomkin.workspace.teamwork import Teamwork  # heavy: late on purpose

            assert self.ground is not None
            self._company = Teamwork(self.ground)
            self.update(self._company.services())
            self._seat()
        return self._company

    def watching(self) -> "Watching":
        """What watches the files of the session, which is made now where there is none yet."""
        if self._watching is None:
            from loomkin.workspace.watching import Watching  # heavy: late on purpose

            assert self.ground is not None
            assert self._session is not None
            crew, agent = self.ground.crew, self._session[0].agent.name
            settings = crew.house.loaded.settings.watch
            self._watching = Watching(crew.house, crew.scribe(agent), self[Sight], self._renew, settings)
        return self._watching

    def _renew(self) -> None:
        """Bring the map up to date, if somebody has asked it already."""
        if self._atlas is not None:
            self._atlas.renew()

    def join(self, session: Session, role: Role) -> None:
        """The session's own agent is the first of the team, whenever there is one."""
        self._session = (session, role)
        session.watching = self.watching
        if self.ground is None or not self.ground.crew.house.options.solo:
            session.gather = self.company
        self._seat()

    def _seat(self) -> None:
        if self._company is not None and self._session is not None:
            session, role = self._session
            self._company.host(session.agent, role)
            session.company = self._company
            session.opening = self._company.opening
