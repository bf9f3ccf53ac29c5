"""Drills: real processes, broken on purpose and audited. Run by `.ci/run`, or `pytest -m drill`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.people import Person
from tests.drills.site import DrilledSite


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a site that was started once: its database is migrated, its static files are collected."""
    site = DrilledSite(tmp_path_factory.mktemp("prepared") / "data").open()
    site.close()
    return site.data_dir


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
