"""How each language writes a definition, as queries for its grammar."""

_JAVASCRIPT = """
(function_declaration) @leaf
(generator_function_declaration) @leaf
(method_definition) @leaf
(variable_declarator value: [(arrow_function) (function_expression)]) @leaf
(class_declaration) @container
"""
_TYPESCRIPT = f"""{_JAVASCRIPT}
(public_field_definition value: [(arrow_function) (function_expression)]) @leaf
(type_alias_declaration) @leaf
(enum_declaration) @leaf
(interface_declaration) @leaf
(abstract_class_declaration) @container
(internal_module) @container
"""

QUERIES = {
    "python": """
        (function_definition) @leaf
        (class_definition) @container
    """,
    "javascript": f"""{_JAVASCRIPT}
        (field_definition value: [(arrow_function) (function_expression)]) @leaf
    """,
    "typescript": _TYPESCRIPT,
    "tsx": _TYPESCRIPT,
    "go": """
        (function_declaration) @leaf
        (method_declaration) @leaf
        (type_spec) @leaf
    """,
    "rust": """
        (function_item) @leaf
        (struct_item) @leaf
        (enum_item) @leaf
        (macro_definition) @leaf
        (impl_item) @container
        (trait_item) @container
        (mod_item body: (_)) @container
    """,
    "java": """
        (method_declaration) @leaf
        (constructor_declaration) @leaf
        (class_declaration) @container
        (interface_declaration) @container
        (enum_declaration) @container
        (record_declaration) @container
    """,
    "c": """
        (function_definition) @leaf
        (struct_specifier body: (_)) @leaf
        (union_specifier body: (_)) @leaf
        (enum_specifier body: (_)) @leaf
        (type_definition) @leaf
    """,
    "cpp": """
        (function_definition) @leaf
        (enum_specifier body: (_)) @leaf
        (type_definition) @leaf
        (class_specifier body: (_)) @container
        (struct_specifier body: (_)) @container
        (namespace_definition) @container
    """,
    "ruby": """
        (method) @leaf
        (singleton_method) @leaf
        (class) @container
        (module) @container
    """,
    "php": """
        (function_definition) @leaf
        (method_declaration) @leaf
        (enum_declaration) @leaf
        (class_declaration) @container
        (interface_declaration) @container
        (trait_declaration) @container
    """,
    "bash": "(function_definition) @leaf",
}
"""By language: a `leaf` is changed by one agent at a time, a `container` by one for each part of it."""

WRAPPERS = frozenset(
    (
        "decorated_definition",
        "export_statement",
        "lexical_declaration",
        "variable_declaration",
        "type_declaration",
        "template_declaration",
    )
)
"""Nodes that stand around one definition and belong to it: decorators, exports, the word `const`."""

NAME_FIELDS = ("name", "property", "declarator", "type")
"""Where a definition's name is, the first field that is there."""

BEFORE = frozenset(("attribute_item",))
"""Nodes before a definition that belong to it."""
