"""The layers of the package: who may import whom, as a table."""

import ast
from pathlib import Path

import pytest

import stalplan

ROOT = Path(stalplan.__file__).parent
BASE = {"names", "errors", "findings"}
PURE = BASE | {"stalwart", "model", "planning"}
MAY_IMPORT = {
    "names": set(),
    "errors": {"names", "findings"},
    "findings": {"names"},
    "stalwart": BASE,
    "model": BASE | {"stalwart"},
    "planning": BASE | {"stalwart", "model", "__init__"},
    "render": PURE | {"__init__"},
    "node": BASE | {"model", "ports"},
    "ports": BASE | {"model"},
    "transport": BASE | {"model", "ports", "node"},
    "store": BASE | {"model", "ports"},
    "run": PURE | {"ports", "node"},
    "demo": BASE | {"stalwart", "model"},
    "cli": PURE | {"render", "ports", "transport", "store", "run", "demo", "__init__"},
}
# A library that only one place may know, and the modules in which it may stand.
ONLY_IN = {
    "paramiko": ("transport/", "demo/"),
    "rich": ("cli/",),
    "click": ("cli/",),
    "socket": ("transport/", "demo/", "cli/identity.py"),
    "subprocess": ("transport/", "demo/", "cli/"),
    "threading": ("transport/", "demo/", "run/together.py", "cli/"),
    "tempfile": ("store/", "demo/", "cli/"),
    "time": ("transport/", "demo/", "run/together.py", "cli/"),
}


def modules(layer: str) -> list[Path]:
    package = ROOT / layer
    return sorted(package.rglob("*.py")) if package.is_dir() else [ROOT / f"{layer}.py"]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def imported_layers(layer: str) -> set[str]:
    """The layers of stalplan that *layer* imports; `__init__` for the version."""
    names = {name for path in modules(layer) for name in imports(path)}
    ours = {name.split(".")[1] for name in names if name.startswith("stalplan.")}
    return {"__init__" if name == "__version__" else name for name in ours}


def test_every_module_belongs_to_a_layer() -> None:
    """A new folder or file at the top is a new layer and needs its row."""
    top = {path.stem for path in ROOT.iterdir() if path.suffix == ".py"}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"__pycache__"}

    assert set(MAY_IMPORT) | {"__init__", "__main__"} == top | folders


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_imports_point_inwards(layer: str) -> None:
    """A layer knows the layers listed for it and no others."""
    assert imported_layers(layer) - {layer} <= MAY_IMPORT[layer]


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_libraries_stay_in_their_place(library: str) -> None:
    """Network, disk, threads and heavy libraries come in at one narrow place each."""
    users = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] == library
    }
    strangers = {user for user in users if not user.startswith(ONLY_IN[library])}

    assert set() == strangers


def test_no_file_holds_two_ideas() -> None:
    """A file that wants to grow past 450 lines is split, not scrolled."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in ROOT.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 450
    }

    assert {} == long
