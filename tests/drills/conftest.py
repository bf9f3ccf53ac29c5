"""Drills: real processes, broken on purpose and audited. Run by `.ci/run`, or `pytest -m drill`."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.people import Person
from tests.drills.site import DrilledSite


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a site that was started once: its database is migrated, its static files are collected.

    Of several processes the first prepares it for all.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "prepared"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as preparing:
        fcntl.flock(preparing, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            site = DrilledSite(folder / "data")
            try:
                site.open()
            finally:
                site.close()
            (folder / "ready").touch()
    return folder / "data"


@pytest.fixture
def site(
    prepared: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[DrilledSite]:
    """A site of this drill's own; its settings by ``@pytest.mark.parametrize("site", [{...}], indirect=True)``."""
    folder = tmp_path_factory.mktemp("drill") / "data"
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("redis"))
    drilled = DrilledSite(folder, **getattr(request, "param", {})).open()
    yield drilled
    drilled.close()


@pytest.fixture
def person(site: DrilledSite) -> Person:
    """Someone with an account there."""
    return Person(site.url, "ada").sign_up()
