"""The whole site as a person gets it: one command starts it, a real Redis and a real worker analyse a drawn film."""

from __future__ import annotations

import os
import re
import signal
import time
import uuid

import pytest
import redis
import requests

from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker import queue
from ml import phantom
from tests.phantoms import another
from tests.running_site import RunningSite, wait_until

PATIENCE = 180.0  # seconds; a loaded CI machine is slow
pytestmark = pytest.mark.slow


class Person:
    """Someone with a browser that keeps cookies and fills in forms."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.base + path, timeout=20)

    def post(self, path: str, data: dict[str, str], files: object = None) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        assert token is not None, f"no form on {path}"
        form = {**data, "csrfmiddlewaretoken": token[1]}
        headers = {"Referer": self.base + path}
        return self.session.post(self.base + path, data=form, files=files, headers=headers, timeout=60)  # type: ignore[arg-type]

    def sign_up(self, name: str) -> None:
        secret = {"password1": "a drawn phantom 7", "password2": "a drawn phantom 7"}
        answer = self.post("/accounts/signup/", {"username": name, "email": f"{name}@example.org", **secret})
        assert answer.status_code == 200, answer.text[:500]

    def submit(self, *films: bytes) -> requests.Response:
        files = [("films", (f"film{n}.png", film, "image/png")) for n, film in enumerate(films)]
        return self.post("/studies/new/", {"intended_use": "on", "label": "drawn film"}, files)


@pytest.fixture
def site(one_site: RunningSite) -> RunningSite:
    """The site, running, whatever the test before did to it."""
    return one_site.ready()


def result_of(person: Person, address: str) -> str:
    """The result page once the answer is there."""
    wait_until(lambda: 'id="finding-title"' in person.get(address).text, PATIENCE, "an answer")
    return person.get(address).text


def studies(site: RunningSite, state: str) -> int:
    """How many studies are in this state, asked of the site's database past the site."""
    return int(site.sql("SELECT count(*) FROM diagnosis_study WHERE state = ?", state)[0][0])


def running(site: RunningSite) -> int:
    return studies(site, "running")


def drawn(seed: int) -> bytes:
    return phantom.png(another(seed, width=700, height=600))


def test_a_person_signs_up_submits_a_film_and_finds_the_result_in_the_history(site: RunningSite) -> None:
    person = Person(site.url)
    person.sign_up("ada")
    address = person.submit(drawn(101)).url.removeprefix(site.url)
    assert re.fullmatch(r"/studies/[0-9a-f-]{36}/", address)
    page = result_of(person, address)
    for promised in (
        "Probability of pneumonia",
        "Not medical advice",
        "Accuracy",
        "Elsewhere it can be wrong far more often",
        "Model version",
    ):
        assert promised in page
    for kind in ("image", "thumbnail", "heatmap", "lungs"):
        picture = person.get(f"{address}{kind}/")
        assert picture.status_code == 200
        assert picture.headers["Content-Type"].startswith("image/")
    assert address in person.get("/studies/").text
    stranger = Person(site.url)
    stranger.sign_up("bob")
    assert stranger.get(address).status_code == 404


def test_ten_films_that_wait_when_redis_is_emptied_are_all_analysed(site: RunningSite) -> None:
    person = Person(site.url)
    person.sign_up("cleo")
    worker = site.parts()["worker"]
    os.kill(worker, signal.SIGSTOP)  # so that all ten do wait
    try:
        addresses = [person.submit(drawn(200 + seed)).url.removeprefix(site.url) for seed in range(10)]
        with redis.Redis.from_url(f"unix://{site.data_dir}/redis/redis.sock") as broker:
            broker.flushall()
    finally:
        os.kill(worker, signal.SIGCONT)
    for address in addresses:
        assert "Not medical advice" in result_of(person, address)


def test_a_worker_killed_while_it_predicts_a_film_costs_no_study(site: RunningSite) -> None:
    person = Person(site.url)
    person.sign_up("emil")
    worker = site.parts()["worker"]
    addresses: list[str] = []
    clock = time.monotonic() + PATIENCE
    # A film is being analysed for some milliseconds: let the worker go for as long, until it is caught at one.
    os.kill(worker, signal.SIGSTOP)
    while not running(site):
        assert time.monotonic() < clock, "no study was ever seen running"
        if not studies(site, "queued"):
            seeds = range(400 + len(addresses), 405 + len(addresses))
            addresses += [person.submit(drawn(seed)).url.removeprefix(site.url) for seed in seeds]
        os.kill(worker, signal.SIGCONT)
        time.sleep(0.01)
        os.kill(worker, signal.SIGSTOP)
    os.kill(worker, signal.SIGKILL)
    assert site.process is not None
    assert site.process.wait(60) == 1, "the site ends loudly when a part of it dies"
    assert "worker ended by itself" in site.output()
    assert site.parts() == {}
    assert running(site) == 1, "the study is still claimed by a worker that is no more"
    site.start()
    site.wait_for("/readyz", '"ready": true')
    for address in addresses:
        assert "Not medical advice" in result_of(person, address)
    assert studies(site, "done") >= len(addresses)


def test_a_crash_of_everything_loses_no_study_and_nothing_of_before_outlives_it(site: RunningSite) -> None:
    person = Person(site.url)
    person.sign_up("dora")
    address = person.submit(drawn(300)).url.removeprefix(site.url)
    site.stop(signal.SIGKILL)
    wait_until(lambda: not site.parts(), 60, "the end of all orphans")
    unknown = site.data_dir / "films" / "ab" / str(uuid.uuid4())  # files whose row the crash prevented
    unknown.mkdir(parents=True)
    site.start().wait_for("/readyz", '"worker": "ok"')
    wait_until(lambda: not unknown.exists(), 60, "the removal of films without a study")
    with PrivateRedis(site.data_dir / "redis", site.data_dir / "redis" / "redis.sock").client() as client:
        assert len(client.keys(f"{queue.HEARTBEAT_PREFIX}*")) == 1  # the killed worker's sign of life is gone
    site.wait_for("/readyz", '"ready": true')
    assert "Not medical advice" in result_of(person, address)
