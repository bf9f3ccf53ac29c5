"""Static files as a site serves them: every name changes with the content, also the names in a script's imports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from diagnosis.management.commands.serve import static_fingerprint

IMPORT = re.compile(r"""\bimport\b[^;]*?["'](.+?)["']""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


@pytest.fixture
def collected(tmp_path: Path, settings: Any) -> Path:
    """Where `manage.py serve` would serve them from, those of our packages included."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES |= {"staticfiles": {"BACKEND": "pneumoweb.static_files.HashedStaticFiles"}}
    call_command("collectstatic", verbosity=0, interactive=False)
    return tmp_path / "static"


def test_scripts_import_by_names_that_change_with_the_content(collected: Path) -> None:
    imports = {
        script: IMPORT.findall(script.read_text(encoding="utf-8"))
        for script in (collected / "js").rglob("*.js")
        if HASHED.search(script.name)
    }
    viewer = collected / staticfiles_storage.stored_name("js/viewer.js")
    assert len(imports[viewer]) == 6
    for script, names in imports.items():
        assert [name for name in names if not HASHED.search(name)] == []
        assert [name for name in names if not (script.parent / name).exists()] == []


def test_a_script_gets_another_name_when_what_it_imports_changes(
    collected: Path, settings: Any, tmp_path: Path
) -> None:
    before = staticfiles_storage.stored_name("js/viewer.js")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]  # ours are enough, and quick
    changed = tmp_path / "changed"
    (changed / "js" / "viewer").mkdir(parents=True)
    (changed / "js" / "viewer" / "view.js").write_text("export const View = null;\n")
    settings.STATICFILES_DIRS = [changed, *settings.STATICFILES_DIRS]
    call_command("collectstatic", verbosity=0, interactive=False)
    assert staticfiles_storage.stored_name("js/viewer.js") != before


def test_another_way_to_store_them_collects_them_once_more(settings: Any) -> None:
    before = static_fingerprint()
    assert static_fingerprint() == before
    settings.STORAGES |= {"staticfiles": {"BACKEND": "pneumoweb.static_files.HashedStaticFiles"}}
    assert static_fingerprint() != before
