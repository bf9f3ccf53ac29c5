"""``python -m ml.predict --csv``: lines as they come, whatever a file is called and however the run ends."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.ml.drawn import workshop
from tests.places import ROOT

COMMAND = [sys.executable, "-m", "ml.predict", "--threads", "1", "--artifact"]


def film() -> bytes:
    """A drawn film."""
    return next(iter(sorted((workshop() / "data" / "NORMAL").glob("*.jpeg")))).read_bytes()


def rows(table: Path) -> list[dict[str, str]]:
    """What another program reads out of it; all of it must be UTF-8."""
    with table.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_run_that_is_killed_leaves_what_it_had(tmp_path: Path) -> None:
    data, table, endless = film(), tmp_path / "rows.csv", tmp_path / "endless.png"
    films = [tmp_path / f"{number:02d}.jpeg" for number in range(16)]  # one batch
    for path in films:
        path.write_bytes(data)
    os.mkfifo(endless)  # reading it never ends
    command = [*COMMAND, str(workshop() / "artifact"), *map(str, films), str(endless), "--csv", str(table)]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not (table.exists() and table.read_bytes().count(b"\n") == 17):
            assert run.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    found = rows(table)
    assert [row["file"] for row in found] == [str(path) for path in films]
    assert all(row["state"] in ("done", "rejected") and row["model_version"] for row in found)


def test_every_name_gets_its_row(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/f\xe4lle"
    Path(os.fsdecode(odd)).mkdir()
    names = [
        b"\xff.jpeg",
        b"=1+1.jpeg",
        b"a;=cmd.jpeg",
        b"two\nlines.jpeg",
        b"-x.jpeg",
        "胸 🩻.jpeg".encode(),
        b"n" * 250,
    ]
    for name in names:
        (Path(os.fsdecode(odd)) / os.fsdecode(name)).write_bytes(film())
    table = os.fsencode(tmp_path) + b"/r\xe9sultat.csv"
    maps = tmp_path / "maps"
    command = [*COMMAND, str(workshop() / "artifact"), odd, b"n" * 300, b"--csv", table, "--heatmaps", str(maps)]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False
    )
    assert run.returncode in (0, 3), run.stderr
    files = [row["file"] for row in rows(Path(os.fsdecode(table)))]
    assert len(files) == len(names) + 1
    folder = f"{tmp_path}/f\\xe4lle/"
    assert {f"{folder}\\xff.jpeg", f"{folder}a;'=cmd.jpeg", f"{folder}two\nlines.jpeg", "n" * 300} <= set(files)
    assert rows(Path(os.fsdecode(table)))[-1]["reason"] == "UNREADABLE"
