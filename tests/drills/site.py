"""A site that is broken on purpose: supervised as systemd would, looked into past its pages, audited in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import redis

from tests.running_site import RunningSite, wait_until

FINAL = ("done", "rejected", "failed")
RESTART_SECONDS = 0.5
READY_SECONDS = 60.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # 60, on a machine that does nothing else


class DrilledSite(RunningSite):
    """`manage.py serve`, started again whenever it has ended by itself."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        super().__init__(data_dir, **{"SWEEP_SECONDS": "2", "TASK_TIME_LIMIT": "5", "ACCESS_LOG": "1", **environment})
        self.restarts = 0
        self._supervised = threading.Event()

    def open(self) -> DrilledSite:
        """Start, supervise, and wait until it is ready."""
        self.start()
        self._supervised.set()
        threading.Thread(target=self._supervise, daemon=True).start()
        self.wait_ready()
        return self

    def _supervise(self) -> None:
        while self._supervised.is_set():
            if self.process is not None and self.process.poll() is not None:
                time.sleep(RESTART_SECONDS)
                if self._supervised.is_set():
                    self.restarts += 1
                    self.start()
            time.sleep(0.05)

    def close(self) -> None:
        """Stop it for good."""
        self._supervised.clear()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def wait_ready(self) -> None:
        """Wait until it is ready again by itself."""
        wait_until(lambda: '"ready": true' in self.get("/readyz"), READY_SECONDS, f"/readyz; {self.output()[-3000:]}")

    def pids(self, part: str) -> list[int]:
        """Processes of one part that are there now."""
        return [pid for name, pid in self.parts().items() if name == part]

    def signal(self, part: str, how: int) -> None:
        """Send a signal to a part: server.web, worker, beat or redis-server."""
        for pid in self.pids(part):
            os.kill(pid, how)

    def broker(self) -> redis.Redis:
        """A client of its Redis."""
        return redis.Redis.from_url(f"unix://{self.data_dir}/redis/redis.sock", socket_timeout=10)

    def count(self, *states: str) -> int:
        """How many studies are in these states; of all states without any."""
        marks = ",".join(f"'{state}'" for state in states or (*FINAL, "queued", "running"))
        return int(self.sql(f"SELECT count(*) FROM diagnosis_study WHERE state IN ({marks})")[0][0])  # noqa: S608

    def settle(self, seconds: float = READY_SECONDS) -> None:
        """Wait until no study waits or runs any more, and the site says that it is ready."""
        output = lambda: f"every study final; {self.count('queued')} wait, {self.count('running')} run"  # noqa: E731
        wait_until(lambda: not self.count("queued", "running"), seconds, f"{output()}; {self.output()[-3000:]}")
        self.wait_ready()

    def films_folder(self, study: str) -> Path:
        """Where a study's files lie."""
        name = str(uuid.UUID(study))
        return self.data_dir / "films" / name.replace("-", "")[:2] / name

    def audit(self, accepted: list[str]) -> None:
        """Nothing that was promised is missing, nothing is there twice, nothing is left behind."""
        rows = {uuid.UUID(str(row[0])).hex: row[1] for row in self.sql("SELECT id, state FROM diagnosis_study")}
        current = {uuid.UUID(str(row[0])).hex for row in self.sql(
            "SELECT study_id FROM diagnosis_prediction WHERE is_current")}  # fmt: skip
        folders = {uuid.UUID(folder.name).hex: folder for folder in self.data_dir.glob("films/*/*")}
        wrong = {
            "accepted without row": set(accepted) - rows.keys(),
            "not final": {name for name, state in rows.items() if state not in FINAL},
            "done without current prediction": {name for name, state in rows.items() if state == "done"} - current,
            "current prediction, not done": current - {name for name, state in rows.items() if state == "done"},
            "files without row": folders.keys() - rows.keys(),
            "row without files": {n for n in rows if n not in folders or not (folders[n] / "input.png").stat().st_size},
            "left in tmp": [file.name for file in (self.data_dir / "tmp").iterdir()],
        }
        found = {what: some for what, some in wrong.items() if some}
        assert not found, f"{found}\n{self.output()[-3000:]}"

    def log_lines(self, word: str) -> list[str]:
        """What it printed that has this word in it."""
        return [line for line in self.output().splitlines() if word in line]

    def readyz(self) -> dict[str, Any]:
        """What /readyz says now."""
        return dict(json.loads(self.get("/readyz") or "{}"))
