"""Every kind of fact by its name, as logs and exports spell it."""

from loomkin.records import decision_event as decision_event
from loomkin.records import event as event
from loomkin.records import failure_event as failure_event
from loomkin.records import keeper_event as keeper_event
from loomkin.records import session_event as session_event
from loomkin.records import team_event as team_event
from loomkin.records.event import Fact

FACTS: dict[str, type[Fact]] = {fact.__name__: fact for fact in Fact.__subclasses__()}
