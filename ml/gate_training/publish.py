"""Write the gate's artefact: network, exported network, card and the page made from it; whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.files import write_json
from ml.gate_training.exam import Row
from ml.inference.cards.files import file_sha256
from ml.inference.gate.card import FORMAT_VERSION, KINDS, OUTPUTS, Thresholds
from ml.inference.gate.check import Gate
from ml.network.export import export

FILES = ("model.keras", "model.xml", "model.bin")


def publish(out: Path, served: Any, thresholds: Thresholds, films: NDArray[np.uint8], facts: dict[str, Any]) -> Gate:
    """Write a complete artefact folder and load the gate from it.

    Args:
        out: The folder; replaced file by file, the card last, once everything before it has succeeded.
        served: The Keras network of :func:`ml.gate_training.network.build_served`.
        thresholds: Its thresholds.
        films: Real films (n, 224, 224) on which export and Keras must agree.
        facts: What else the card says (``training``, ``exam``, …).

    Raises:
        ArtifactDamaged: the exported network does not agree with Keras; nothing is written then.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".gate-") as folder:
        draft = Path(folder)
        served.save(draft / "model.keras")
        parity = export(served, draft / "model.xml", films)
        card = {
            "format_version": FORMAT_VERSION,
            "name": "PneumoWeb input gate",
            "kinds": list(KINDS),
            "outputs": list(OUTPUTS),
            "thresholds": asdict(thresholds),
            "files": {name: file_sha256(draft / name) for name in FILES},
            "parity": parity,
            **facts,
        }
        write_json(draft / "card.json", card)
        Gate.load(draft, threads=1)
        for name in (*FILES, "card.json"):
            shutil.move(draft / name, out / name)
    return Gate.load(out, threads=1)


def add_exam(out: Path, exams: dict[str, Sequence[Row]], facts: dict[str, Any]) -> dict[str, Any]:
    """Put outcomes of examinations, and further facts, into the card in ``out`` and return the card."""
    path = out / "card.json"
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    card |= facts
    card["exam"] = card.get("exam", {}) | {name: [row.as_json() for row in rows] for name, rows in exams.items()}
    write_json(path, card)
    return card
