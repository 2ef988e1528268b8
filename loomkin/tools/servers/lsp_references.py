"""lsp_references: every use of a name, as the language's own server knows it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from loomkin.tools.servers.pointing import PlacesTool


class LspReferences(PlacesTool):
    """Finds the uses of what a name means at one place."""

    name: ClassVar[str] = "lsp_references"
    request: ClassVar[str] = "textDocument/references"
    provider: ClassVar[str] = "referencesProvider"
    context: ClassVar[Mapping[str, Any]] = {"context": {"includeDeclaration": True}}
    none: ClassVar[str] = "The server knows no use of it."


TOOL = LspReferences
