"""Whether the time of an answer tells who has an account: sign-in, password reset, sign-up, known against unknown.

``python -m benchmarks.account_timing [rounds]`` starts a site of its own and prints two lines for each door: the
medians of both kinds, asked in turn, as a client waits for them and as the web process works for them (its time on a
processor, which other programs disturb less), and the ratio of the two. A reset hashes nothing: it is asked more often.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from benchmarks.site import running_site, serving_process
from tests.running_site import RunningSite

ROUNDS, RESETS = 20, 5
PASSWORD = "a drawn phantom 7"  # noqa: S105  (of nobody)
MAKE = """
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
password = make_password("{password}")
for number in range({count}):
    user = User.objects.create(username=f"known-{{number}}", email=f"known-{{number}}@example.org", password=password)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
"""


class Door:
    """A form that a stranger fills in, and what it answers."""

    def __init__(self, site: RunningSite, path: str, fields: Callable[[str, int], dict[str, str]]) -> None:
        self.site, self.path, self.fields = site, path, fields
        self.process = Path(f"/proc/{serving_process(site)}/task")

    def ask(self, who: str, number: int) -> tuple[float, float]:
        """Milliseconds that the answer took: on the clock, and of the web process's own work.

        Raises:
            RuntimeError: too many tries; then it would be the refusal that is measured.
        """
        with requests.Session() as session:
            page = session.get(self.site.url + self.path, timeout=60).text
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert token is not None, f"no form on {self.path}"
            form = {**self.fields(who, number), "csrfmiddlewaretoken": token[1]}
            worked, began = self.worked(), time.perf_counter()
            answer = session.post(
                self.site.url + self.path, form, headers={"Referer": self.site.url}, timeout=60, allow_redirects=False
            )
            took = time.perf_counter() - began
            if answer.status_code == 429 or "Too many" in answer.text:
                raise RuntimeError(f"{self.path} refuses more tries")
            return took * 1e3, self.worked() - worked

    def worked(self) -> float:
        """Milliseconds that the web process has had a processor."""
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self.process.iterdir()) / 1e6


def doors(site: RunningSite) -> dict[str, Door]:
    """Every form that takes a name or an address of a stranger's."""
    wrong = {"password": "not the right one 9"}
    new = {"password1": PASSWORD, "password2": PASSWORD}
    return {
        "sign-in by user name": Door(site, "/accounts/login/", lambda who, n: {"login": f"{who}-{n}", **wrong}),
        "sign-in by address": Door(
            site, "/accounts/login/", lambda who, n: {"login": f"{who}-{n}@example.org", **wrong}
        ),
        "password reset": Door(site, "/accounts/password/reset/", lambda who, n: {"email": f"{who}-{n}@example.org"}),
        "sign-up with an address": Door(
            site,
            "/accounts/signup/",
            lambda who, n: {"username": f"new-of-{who}-{n}", "email": f"{who}-{n}@example.org", **new},
        ),
    }


def main() -> None:
    """Print the table; what is known and what is not takes turns, so that both meet the same machine."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with running_site(PEOPLE_PER_ADDRESS="10000") as site:
        site.manage("shell", "-c", MAKE.format(count=RESETS * rounds, password=PASSWORD))
        for name, door in doors(site).items():
            door.ask("nobody", 0)  # warm
            times = RESETS * rounds if "reset" in name else rounds
            pairs = [(door.ask("known", number), door.ask("unknown", number)) for number in range(times)]
            for at, what in enumerate(("waited for", "worked for")):
                known, unknown = (statistics.median(pair[kind][at] for pair in pairs) for kind in (0, 1))
                print(
                    f"{name:24} {what}: {known:7.1f} ms known, {unknown:7.1f} ms unknown, ratio {known / unknown:.2f}"
                )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
