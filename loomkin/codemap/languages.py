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
    "c_sharp": """
        (method_declaration) @leaf
        (constructor_declaration) @leaf
        (property_declaration) @leaf
        (delegate_declaration) @leaf
        (enum_declaration) @leaf
        (class_declaration) @container
        (interface_declaration) @container
        (struct_declaration) @container
        (record_declaration) @container
        (namespace_declaration) @container
    """,
    "elixir": """
        ((call target: (identifier) @word) @leaf
            (#any-of? @word "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defdelegate"))
        ((call target: (identifier) @word) @container (#any-of? @word "defmodule" "defprotocol" "defimpl"))
    """,
    "kotlin": """
        (function_declaration) @leaf
        (type_alias) @leaf
        (class_declaration) @container
        (object_declaration) @container
        (companion_object) @container
    """,
    "lua": """
        (function_declaration) @leaf
        (assignment_statement (variable_list . name: (_) .) (expression_list . value: (function_definition) .)
            ) @leaf
    """,
}
"""By language: a `leaf` is changed by one agent at a time, a `container` by one for each part of it."""

_MORE_JAVASCRIPT = """
(assignment_expression left: (member_expression) right: [(arrow_function) (function_expression) (class)])
    @more
(pair key: (property_identifier) value: [(arrow_function) (function_expression)]) @more
(program (lexical_declaration (variable_declarator name: (identifier)) @more))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier)) @more)))
"""
_MORE_TYPESCRIPT = f"""{_MORE_JAVASCRIPT}
(function_signature) @more
(abstract_method_signature) @more
(interface_declaration body: (interface_body (method_signature) @more))
(interface_declaration body: (interface_body (property_signature) @more))
"""
MORE = {
    "python": "(module (expression_statement (assignment left: (identifier)) @more))",
    "javascript": _MORE_JAVASCRIPT,
    "typescript": _MORE_TYPESCRIPT,
    "tsx": _MORE_TYPESCRIPT,
    "go": """
        (source_file (const_declaration (const_spec) @more))
        (source_file (var_declaration (var_spec) @more))
        (source_file (var_declaration (var_spec_list (var_spec) @more)))
        (type_alias) @more
        (method_elem) @more
    """,
    "rust": """
        (const_item) @more
        (static_item) @more
        (type_item) @more
        (union_item) @more
        (function_signature_item) @more
    """,
    "java": "(annotation_type_declaration) @more",
    "c": """
        (preproc_def) @more
        (preproc_function_def) @more
        (translation_unit (declaration declarator: (function_declarator)) @more)
    """,
    "cpp": """
        (preproc_def) @more
        (preproc_function_def) @more
        (field_declaration declarator: (function_declarator)) @more
    """,
    "ruby": "(assignment left: (constant)) @more",
    "php": "(const_element) @more",
    "kotlin": "(source_file (property_declaration) @more)",
}
"""What else is worth a line of a map, and that nobody claims by its name: constants, signatures."""

UNCODED = {
    "python": "(comment) @words (string_content) @words",
    "javascript": "(comment) @words (string_fragment) @words (regex) @words (jsx_text) @words",
    "typescript": "(comment) @words (string_fragment) @words (regex) @words",
    "tsx": "(comment) @words (string_fragment) @words (regex) @words (jsx_text) @words",
    "go": "(comment) @words (interpreted_string_literal) @words (raw_string_literal) @words",
    "rust": "(line_comment) @words (block_comment) @words (string_literal) @words "
    "(raw_string_literal) @words",
    "java": "(line_comment) @words (block_comment) @words (string_literal) @words",
    "c": "(comment) @words (string_literal) @words",
    "cpp": "(comment) @words (string_literal) @words (raw_string_literal) @words",
    "ruby": "(comment) @words (string_content) @words (heredoc_content) @words",
    "php": "(comment) @words (string_content) @words (text) @words (heredoc_body) @words",
    "bash": "(comment) @words (raw_string) @words (string_content) @words",
    "c_sharp": "(comment) @words (string_literal) @words (string_content) @words",
    "elixir": "(comment) @words (quoted_content) @words",
    "kotlin": "(line_comment) @words (block_comment) @words (string_content) @words",
    "lua": "(comment) @words (string) @words",
}
"""What of a file is words for people: names in it refer to nothing."""

WRAPPERS = frozenset(
    (
        "decorated_definition",
        "export_statement",
        "lexical_declaration",
        "variable_declaration",
        "type_declaration",
        "template_declaration",
        "local_declaration",
    )
)
"""Nodes that stand around one definition and belong to it: decorators, exports, the word `const`."""

NAME_FIELDS = ("name", "property", "declarator", "left", "key", "type")
"""Where a definition's name is, the first field that is there."""

BEFORE = frozenset(("attribute_item",))
"""Nodes before a definition that belong to it."""
