"""Training on several devices. In a file of its own: it needs no network library here, so any worker may run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ml.drawn import draw_dozens


@pytest.mark.slow
def test_a_run_on_two_devices_goes_on_after_a_kill(tmp_path: Path) -> None:
    script = [sys.executable, "-m", f"{__package__}.two_devices", draw_dozens(tmp_path / "data"), tmp_path / "run"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(json.loads((tmp_path / "run" / "history.json").read_text())) == 2
