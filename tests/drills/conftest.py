"""Drills: real processes, broken on purpose and audited. Run by `.ci/run`, or `pytest -m drill`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drills.people import Person
from tests.drills.site import DrilledSite


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[DrilledSite]:
    """A site of this drill's own; its settings by ``@pytest.mark.parametrize("site", [{...}], indirect=True)``."""
    drilled = DrilledSite(tmp_path_factory.mktemp("drill") / "data", **getattr(request, "param", {})).open()
    yield drilled
    drilled.close()


@pytest.fixture
def person(site: DrilledSite) -> Person:
    """Someone with an account there."""
    return Person(site.url, "ada").sign_up()
