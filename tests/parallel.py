"""Tests in several processes (`pytest -n`): who gets which, so that nothing slow is made twice or begun last.

pytest-xdist hands tests to whichever worker is free. Its own groups (`xdist_group`) change node ids, which pytest 9.2
no longer lets them; here a test's group follows from its file.
"""

from __future__ import annotations

import contextlib
import gc
import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import ROOT

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

# What is slow to make and used by many files, and the group that shares it, the slowest group first. The site's tests
# wait for other processes as often as they work. Whatever needs TensorFlow or scikit-learn is one group: to import them
# takes seconds, and so do the first graphs; one of two workers does without.
SHARED = {"one_site": "site", "tiny_runs": "networks", "workshop": "networks", "handmade_network": "networks",
          "import keras": "networks", "import tensorflow": "networks", "without_graphs": "networks",
          "ml.network": "networks", "ml.training": "networks", "sklearn": "networks"}  # fmt: skip


@cache
def group_of(file: str) -> str | None:
    """The group of a file's tests: by what they share with other files, or make once for all of them."""
    text = (ROOT / file).read_text(encoding="utf-8")
    shared = next((group for name, group in SHARED.items() if name in text), None)
    return shared or (file if 'scope="module"' in text or "\n@cache\n" in text else None)


def turn_of(item: pytest.Item) -> tuple[int, bool]:
    """Where a test stands in the order: shared groups, what is slow, the rest as it was collected, browser tests.

    Browser tests come last: Playwright's event loop stays in a worker that has begun one, and Django then refuses the
    database to every other test.
    """
    file = item.nodeid.partition("::")[0]
    groups = list(dict.fromkeys(SHARED.values()))
    group = group_of(file)
    if item.get_closest_marker("browser"):
        return len(groups) + 1, True
    return groups.index(group) if group in groups else len(groups), not item.get_closest_marker("slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three workers for two cores: a test that waits for a site, a browser or a worker needs no core meanwhile."""
    return min(8, max(1, (os.cpu_count() or 1) * 3 // 2))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Groups and single tests, in their order."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0]) or nodeid

    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import all test files, each worker from another one on: in a fresh checkout they compile what they import.

    Side by side they would each compile the same; so each finds the most of it compiled by the others.
    """
    config = session.config
    if not hasattr(config, "workerinput") or config.args != config.getini("testpaths"):
        return
    ignored = [config.invocation_params.dir / path for path in config.getoption("ignore") or ()]
    files = [file for file in sorted((ROOT / "tests").rglob("test_*.py")) if not {*file.parents} & {*ignored}]
    first = int(config.workerinput["workerid"][2:]) * len(files) // config.workerinput["workercount"]
    for file in (*files[first:], *files[:first]):
        with contextlib.suppress(Exception):  # pytest imports it once more, and says what is wrong
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what is slow: a worker that began it last would keep all others waiting."""
    if hasattr(config, "workerinput"):
        items.sort(key=turn_of)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays: without it, the collector of rubbish takes a seventh of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
