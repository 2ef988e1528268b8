"""An open repository: what sessions are made of."""

from pathlib import Path

from loomkin.config.load import Loaded
from loomkin.project.rules import ProjectRules
from loomkin.project.secrets import Redactor
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import Clock
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.workspace.models import ModelChooser
from loomkin.workspace.options import Options


@dataclass(frozen=True, slots=True)
class House:
    """An open repository; `state` is the folder where it keeps what it knows, `notes` are for the person."""

    options: Options
    workplace: Workplace
    trusted: bool
    loaded: Loaded
    rules: ProjectRules
    database: Database
    journal: Journal
    bus: Bus
    clock: Clock
    redactor: Redactor
    chooser: ModelChooser
    state: Path
    notes: tuple[str, ...]
