"""Measure the network that finds the lungs on patients it has not seen, and write its artefact, whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.lung_masks import MaskedFilm
from ml.inference.cards.files import file_sha256
from ml.inference.lungs import FORMAT_VERSION, LungFinder
from ml.metrics.curves import bootstrap_weights, interval
from ml.network.export import export
from ml.network.lungs import build_serving
from ml.training.lungs import overlap

FILES = ("model.keras", "model.xml", "model.bin")
ABOUT = {
    "name": "PneumoWeb lung finder",
    "data": "Masks: V7 Labs, COVID-19 X-ray dataset, CC BY 4.0. Children's films: Kermany, Zhang, Goldbaum, Mendeley "
    "Data 2018, CC BY 4.0. Adults' films: Cohen et al. 2020, licence per film (CC BY or CC BY-NC-SA).",
    "limits": [
        "Learnt from films of one children's hospital and from adults mostly ill with COVID-19.",
        "A lung wholly white with consolidation or effusion may be left out in part.",
        "The masks it learns from were drawn by people helped by a program; they differ among themselves at the "
        "diaphragm and beside the spine.",
    ],
}


def measure(
    finder: LungFinder, pixels: NDArray[np.uint8], masks: NDArray[np.uint8], films: Sequence[MaskedFilm]
) -> Any:
    """Dice on the films of each split but train, by population, with 95 % intervals by patient.

    Returns:
        ``{"test": {"children": {"films", "patients", "dice", "dice_ci", "lowest_5_percent"}, …}, "val": …}``.
    """
    found = {}
    for split in ("test", "val"):
        groups = {}
        for name, adult in (("children", False), ("adults", True)):
            chosen = [i for i, film in enumerate(films) if film.film.split == split and film.adult == adult]
            if not chosen:
                continue
            maps = np.stack([lungs.probability for lungs in finder.find(pixels[chosen])]) - 0.5
            dice = overlap(maps.astype(np.float32), masks[chosen])
            patients = [films[i].film.patient for i in chosen]
            draws = bootstrap_weights(patients)
            low, high = interval((draws * dice).sum(1) / draws.sum(1))
            groups[name] = {
                "films": len(chosen),
                "patients": len(set(patients)),
                "dice": float(dice.mean()),
                "dice_ci": [low, high],
                "lowest_5_percent": float(np.quantile(dice, 0.05)),
            }
        found[split] = groups
    return found


def publish_lungs(
    out: Path,
    trained: Any,
    pixels: NDArray[np.uint8],
    masks: NDArray[np.uint8],
    films: Sequence[MaskedFilm],
    training: dict[str, Any],
) -> dict[str, Any]:
    """Write the artefact folder ``out`` (network, exported network, card) and return the card.

    Args:
        out: The folder; its files are replaced once everything has succeeded.
        trained: By :func:`ml.training.lungs.fit_lungs`.
        pixels, masks: By ``load_masked_films``.
        films: The same films, with splits.
        training: How it was trained, for the card.

    Raises:
        ArtifactDamaged: The exported network does not agree with Keras; nothing is written then.
    """
    served = build_serving(trained)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".lungs-") as folder:
        draft = Path(folder)
        served.save(draft / "model.keras")
        held = [i for i, film in enumerate(films) if film.film.split != "train"][:24]
        parity = export(served, draft / "model.xml", pixels[held])
        card = {
            "format_version": FORMAT_VERSION,
            **ABOUT,
            "files": {name: file_sha256(draft / name) for name in FILES},
            "parity": {"probability": parity["logit"], "films": parity["films"]},
            "training": training,
        }
        _write(draft / "card.json", card)
        card["dice"] = measure(LungFinder.load(draft, threads=2), pixels, masks, films)
        _write(draft / "card.json", card)
        out.mkdir(exist_ok=True)
        for name in (*FILES, "card.json"):
            shutil.move(draft / name, out / name)
    return card


def _write(path: Path, card: dict[str, Any]) -> None:
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
