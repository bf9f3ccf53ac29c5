"""What tests of the network do without: nothing of it knows of a site."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def data_dir() -> None:
    """No data folder, in place of the one that each test of the site gets."""
