"""The worker hangs, dies, or is told nonsense: every film is answered once, and the site is ready again by itself."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.drills.people import Crowd, Person, films
from tests.drills.site import DrilledSite
from tests.places import ROOT
from tests.running_site import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.drill]
RANDOM = random.Random(20261128)


def test_an_analysis_that_hangs_costs_its_own_film_and_no_page(site: DrilledSite, person: Person) -> None:
    site.signal("worker", signal.SIGSTOP)
    accepted = [outcome["id"] for outcome in person.submit(films()[:4]).json()["outcomes"]]
    stored = site.films_folder(accepted[0]) / "input.png"
    kept = stored.read_bytes()
    stored.unlink()
    os.mkfifo(stored)  # reading it waits for ever, as a network mount does that hangs
    site.signal("worker", signal.SIGCONT)
    wait_until(lambda: bool(site.log_lines("This worker ends itself: a task has run")), 30, "the watchdog's word")
    stored.unlink()
    stored.write_bytes(kept)
    site.settle()
    site.audit(accepted)
    assert site.restarts == 0, "pages stay"
    assert site.count("done", "rejected") == len(accepted)


def test_a_worker_killed_at_any_moment_costs_nothing(site: DrilledSite, person: Person) -> None:
    accepted: list[str] = []
    for _ in range(3):
        crowd = Crowd(person, presses=6)
        time.sleep(RANDOM.uniform(0.05, 1.5))
        site.signal("worker", signal.SIGKILL)
        accepted += crowd.join()
        site.settle()
    assert len(accepted) == 3 * 6 * 3
    site.audit(accepted)


def test_serve_killed_and_started_again_leaves_no_part_behind_and_loses_nothing(
    site: DrilledSite, person: Person
) -> None:
    accepted: list[str] = []
    for times in (1, 2):
        before = set(site.processes())
        crowd = Crowd(person, presses=8)
        time.sleep(RANDOM.uniform(0.05, 1.5))
        assert site.process is not None
        site.process.send_signal(signal.SIGKILL)
        wait_until(lambda old=before: not old & site.processes().keys(), 30, "the end of all its parts")  # type: ignore[misc]
        accepted += crowd.join()
        site.settle()
        assert site.restarts == times
        parts = Counter(site.processes().values())
        assert all(parts[one] == 1 for one in ("server.web", "worker", "beat")), parts
    assert len(accepted) == 2 * 8 * 3
    site.audit(accepted)


def test_messages_that_make_no_sense_do_not_end_the_worker(site: DrilledSite, person: Person) -> None:
    envelope = {"delivery_tag": "1", "body_encoding": "base64", "delivery_info": {"exchange": "", "routing_key": "x"}}
    pickled = {"content-type": "application/x-python-serialize", "content-encoding": "binary", "properties": envelope}
    nonsense = [
        "not json",
        "[]",
        "{}",
        json.dumps({"body": "x"}),
        json.dumps({"body": "gASU", "headers": {}, **pickled}),
    ]
    with site.broker() as broker:
        for message in nonsense:
            broker.lpush("pneumoweb", message)
        worker = site.pids("worker")
        accepted = [outcome["id"] for outcome in person.submit(films()[:3]).json()["outcomes"]]
        site.settle(30)
        assert (site.pids("worker"), site.restarts) == (worker, 0)
        assert broker.llen("pneumoweb") == broker.hlen("unacked") == 0
    site.audit(accepted)


def test_a_model_overwritten_and_cut_in_place_changes_no_answer(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "ml" / "artifacts" / "pneumonia", tmp_path / "data" / "models" / "copy"))
    with (folder / "model.keras").open("ab") as stream:
        stream.write(b"\0")  # another file, and so another version
    card = json.loads((folder / "card.json").read_text())
    card["files"]["model.keras"] = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps({**card, "version": "drill"}))
    site = DrilledSite(tmp_path / "data").open()
    try:
        person = Person(site.url, "ada").sign_up()
        site.sql("UPDATE diagnosis_modelversion SET active = (version = 'drill')")
        wait_until(lambda: bool(site.log_lines("Model drill (")), 30, "the copy being loaded")
        before = [outcome["id"] for outcome in person.submit(films()[:6]).json()["outcomes"]]
        site.settle()
        with (folder / "model.bin").open("r+b") as stream:
            stream.write(RANDOM.randbytes(1 << 20))
            stream.truncate(1 << 19)
        after = [outcome["id"] for outcome in person.submit(films()[:6]).json()["outcomes"]]
        site.settle()
        site.audit(before + after)
        output = "SELECT finding, round(probability, 5) FROM diagnosis_study WHERE replace(id, '-', '') = ?"
        assert [site.sql(output, one) for one in before] == [site.sql(output, one) for one in after]
        assert site.restarts == 0
    finally:
        site.close()
