"""A hundred slow clients of every kind: others get their pages within a second all the same."""

from __future__ import annotations

import os

import pytest

from tests.drills.site import DrilledSite
from tests.drills.slow_clients import hold, kinds, largest_static_file

pytestmark = [pytest.mark.slow, pytest.mark.drill]
HOLD_SECONDS = 3.0


def test_a_hundred_slow_clients_of_each_kind_keep_nobody_from_a_page(site: DrilledSite) -> None:
    crowded = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # by how much everything is slower here and now
    waits = {
        name: hold(site.url, kind, seconds=HOLD_SECONDS)[0]
        for name, kind in kinds(largest_static_file(site.url)).items()
    }
    assert max(waits.values()) < crowded, waits
