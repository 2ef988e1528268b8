"""What a team stands on, known before there is one."""

from collections.abc import Awaitable, Callable, Mapping

from loomkin.records.dataclass import dataclass
from loomkin.records.role import Role
from loomkin.runtime.supervisor import Supervisor
from loomkin.workspace.crew import Crew
from loomkin.workspace.models import Chosen


@dataclass(frozen=True, slots=True)
class Ground:
    """Who makes agents, the roles as they are now, the first agent's model, and how a conversation opens."""

    crew: Crew
    roles: Callable[[], Mapping[str, Role]]
    chosen: Chosen
    supervisor: Supervisor
    opening: Callable[[str], Awaitable[str]]
