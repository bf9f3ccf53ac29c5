"""Who may import whom: pneumoweb → (strings) → diagnosis → ml → keras, and never back. Web processes stay light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

HEAVY = ("tensorflow", "keras", "openvino")


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports, at its top or inside functions, with dots: `from ml import x` gives ml.x too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are written in full"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


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


def test_the_app_does_not_import_its_wiring() -> None:
    assert offences("diagnosis", "pneumoweb") == []


def test_models_import_no_sibling() -> None:
    siblings = [
        f"{path.name} imports {name}"
        for path in (ROOT / "diagnosis" / "models").glob("*.py")
        for name in imports(path)
        if name.startswith("diagnosis.") and not name.startswith("diagnosis.models")
    ]
    assert siblings == []


@pytest.mark.parametrize("door", ["pneumoweb.wsgi", "pneumoweb.urls", "diagnosis.tasks", "ml"])
def test_no_door_pulls_in_a_network_library(door: str, tmp_path: Path) -> None:
    code = (
        f"import sys, django; django.setup(); import {door}; print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "pneumoweb.settings", "DATA_DIR": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said.stdout.strip() == "[]", said.stderr
