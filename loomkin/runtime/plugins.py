"""Finds the modules of a package, one door a file; works from a source tree, a zip and a frozen program."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from loomkin.errors import LoomkinError


class PluginError(LoomkinError):
    """A module of the program's own packages cannot be imported."""


def discover(package: str) -> Iterator[ModuleType]:
    """The modules of a package and of the packages in it, imported, in the order of their names.

    Names that begin with an underscore are passed over. Raises PluginError with the file at fault.
    """
    for name in names(package):
        yield load(name)


def names(package: str) -> Iterator[str]:
    """The full names of the same modules; none of them is imported, only the packages."""
    found = load(package)
    for entry in sorted(pkgutil.iter_modules(found.__path__), key=lambda entry: entry.name):
        if entry.name.startswith("_"):
            continue
        name = f"{package}.{entry.name}"
        if entry.ispkg:
            yield from names(name)
        else:
            yield name


def load(name: str) -> ModuleType:
    """Import a module of the program; raises PluginError with the file at fault."""
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, LookupError) as error:
        raise PluginError(
            f"{_file(name, error)} cannot be loaded: {type(error).__name__}: {error}",
            hint="Mend or remove that file; if it came with loomkin, install loomkin again.",
        ) from error


def _file(name: str, error: BaseException) -> str:
    """The file where the import stopped, else the module's name."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    trace, place = error.__traceback__, name
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "importlib" not in file and file != __file__:
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
