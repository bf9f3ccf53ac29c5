"""Where things lie, whichever folder a test stands in."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
"""Real radiographs, beside the checkout; tests that need them skip where the folder is absent."""
