"""Who may import whom: pneumoweb → (strings) → diagnosis → ml → keras, and room by room. Web processes stay light.

Every import counts, also those inside functions: a circle that is hidden by a late import is a circle.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.places import ROOT

HEAVY = ("tensorflow", "keras", "openvino")

FLOORS = {
    "ml": (
        ("errors", "files", "phantom", "provenance"),
        ("metrics",),
        ("intake",),
        ("inference", "data"),
        ("network",),
        ("evaluation",),
        ("training",),
        ("publishing", "gate_training"),
        (
            *("predict", "audit", "train", "evaluate", "average", "compare", "publish"),
            *("train_gate", "train_lungs", "examine_gate"),
        ),
    ),
    "diagnosis": (
        ("encryption", "messages", "log", "templating", "prepared", "stale_forms"),
        ("models", "problems"),
        ("storage", "access", "results", "middleware", "webhooks"),
        ("worker", "history", "reviews", "samples"),
        ("submission", "report", "accounts", "tasks", "health", "server"),
        ("studies", "pages", "admin", "checks", "apps", "management", "outage"),
        ("api",),
        ("templatetags", "urls"),
    ),
}
"""The rooms of each package from the ground up. A room may use its own floor and those below, never one above."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages that have floors, by its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in FLOORS
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    }


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Modules that a file imports, at its top or inside functions, with dots: `from ml import x` gives ml.x too."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are written in full"
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """(module, module that it imports) inside one package; a package's own door counts only where it is named alone."""
    found = set()
    for name, path in modules().items():
        wanted = {one for one in imports(path) if one in modules() and one.split(".")[0] == name.split(".")[0]}
        # `from ml.intake import read` names the folder and the module in it; the folder is then no arrow of its own.
        named = {one for one in wanted if not any(other.startswith(f"{one}.") for other in wanted)}
        found |= {(name, one) for one in named if one != name}
    return frozenset(found)


def room(module: str) -> str:
    """The second part of a dotted name: ``ml.intake.dicom.read`` stands in ``intake``."""
    return module.split(".")[1] if "." in module else ""


def floor(module: str) -> int:
    """On which floor of its package a module's room is; the package's own ``__init__`` is its roof."""
    package = module.split(".")[0]
    if "." not in module:
        return len(FLOORS[package])
    return next(number for number, rooms in enumerate(FLOORS[package]) if room(module) in rooms)


def offences(package: str, *forbidden: str) -> list[str]:
    """Imports of `forbidden` packages anywhere in `package`."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in imports(path)
        if name.split(".")[0] in forbidden
    ]


def test_the_model_knows_nothing_of_the_site() -> None:
    assert offences("ml", "django", "celery", "redis", "diagnosis", "pneumoweb") == []


def test_the_app_reaches_no_network_library_but_through_the_models_door() -> None:
    assert offences("diagnosis", *HEAVY) == []


def test_the_app_enters_the_model_by_its_door_alone() -> None:
    names = {module for module in modules() if module.startswith("ml.")}
    round_the_door = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / "diagnosis").rglob("*.py"))
        for name in imports(path)
        if name in names
    ]
    assert round_the_door == []


def test_the_app_does_not_import_its_wiring() -> None:
    assert offences("diagnosis", "pneumoweb") == []


def test_the_wiring_reaches_the_app_by_strings_but_for_its_addresses() -> None:
    allowed = ROOT / "pneumoweb" / "urls.py"
    found = [text for text in offences("pneumoweb", "diagnosis", "ml") if not text.startswith("pneumoweb/urls.py")]
    assert allowed.is_file()
    assert found == []


def test_every_room_has_a_floor() -> None:
    for package, floors in FLOORS.items():
        planned = [name for rooms in floors for name in rooms]
        there = {room(module) for module in modules() if module.startswith(f"{package}.")}
        assert sorted(planned) == sorted(there), package


def test_no_arrow_runs_upwards() -> None:
    upwards = [f"{one} imports {other}" for one, other in sorted(arrows()) if floor(other) > floor(one)]
    assert upwards == []


@pytest.mark.parametrize("package", FLOORS)
def test_no_circle_among_modules(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for one, other in arrows():
        if one.startswith(package):
            graph.setdefault(one, set()).add(other)
    assert _circle(graph) == ""


@pytest.mark.parametrize("package", FLOORS)
def test_no_circle_among_rooms(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for one, other in arrows():
        if one.startswith(package) and room(one) and room(other) and room(one) != room(other):
            graph.setdefault(room(one), set()).add(room(other))
    assert _circle(graph) == ""


def _circle(graph: dict[str, set[str]]) -> str:
    """A circle of a graph as ``a → b → a``; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        assert all(one in graph[other] for one, other in pairwise(circle))
        return " → ".join(reversed(circle))
    return ""


WORKER = "diagnosis.tasks, diagnosis.webhooks.sender"
HEAVY_BEHIND = {
    "pneumoweb.wsgi": HEAVY,
    "pneumoweb.urls": HEAVY,
    WORKER: (*HEAVY, "cryptography.hazmat"),  # only who sends webhooks encrypts there
    "ml": HEAVY,
}
FORKED = f"""
import os, sys, django
django.setup()
for door, heavy in {HEAVY_BEHIND!r}.items():
    if not os.fork():
        exec(f"import {{door}}")
        print([door, *(name for name in heavy if name in sys.modules)], flush=True)
        os._exit(0)
    os.wait()
"""


def test_no_door_pulls_in_a_network_library(tmp_path: Path) -> None:
    """Each door is opened in a process of its own; to set up Django, which they share, takes longer."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "pneumoweb.settings", "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", FORKED]
    outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert outcome.stdout.splitlines() == [str([door]) for door in HEAVY_BEHIND], outcome.stderr
