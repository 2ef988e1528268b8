"""Finding doors in a package."""

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loomkin.runtime.plugins import PluginError, discover


@pytest.fixture(autouse=True)
def import_state() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("doors_"):
            del sys.modules[name]


def write(base: Path, package: str, files: dict[str, str]) -> None:
    for name, text in {"__init__.py": "", **files}.items():
        path = base / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.path.insert(0, str(base))


FILES = {
    "b.py": "X = 2",
    "a.py": "X = 1",
    "_private.py": "1/0",
    "area/__init__.py": "",
    "area/z.py": "X = 3",
    "t.md": "",
}


def test_modules_come_in_order_with_those_of_inner_packages(tmp_path: Path):
    write(tmp_path, "doors_tree", FILES)
    found = list(discover("doors_tree"))
    assert [module.__name__ for module in found] == ["doors_tree.a", "doors_tree.area.z", "doors_tree.b"]
    assert [module.X for module in found] == [1, 3, 2]


def test_a_package_in_a_zip_is_listed_too(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for name, text in {"__init__.py": "", **FILES}.items():
            archive.writestr(f"doors_zip/{name}", text)
    sys.path.insert(0, str(tmp_path / "app.zip"))
    assert [module.__name__ for module in discover("doors_zip")] == [
        "doors_zip.a",
        "doors_zip.area.z",
        "doors_zip.b",
    ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("\nimport no_such_module_here", 2, "no_such_module_here"),
        ("x = 1\ny = (", 2, "SyntaxError"),
        ("x = undefined", 1, "NameError"),
    ],
)
def test_a_module_that_cannot_be_imported_names_its_file_and_line(
    tmp_path: Path, text: str, line: int, reason: str
):
    package = f"doors_bad_{reason.lower()}"
    write(tmp_path, package, {"broken.py": text})
    with pytest.raises(PluginError) as caught:
        list(discover(package))
    assert f"{tmp_path / package / 'broken.py'}:{line}" in str(caught.value)
    assert reason in str(caught.value)


def test_a_package_that_does_not_exist_is_named():
    with pytest.raises(PluginError, match="doors_nowhere"):
        list(discover("doors_nowhere"))
