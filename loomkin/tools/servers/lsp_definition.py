"""lsp_definition: where a name is defined, as the language's own server knows it."""

from typing import ClassVar

from loomkin.tools.servers.pointing import PlacesTool


class LspDefinition(PlacesTool):
    """Finds the definition of what a name means at one place."""

    name: ClassVar[str] = "lsp_definition"
    request: ClassVar[str] = "textDocument/definition"
    provider: ClassVar[str] = "definitionProvider"
    none: ClassVar[str] = "The server knows no definition of it."


TOOL = LspDefinition
