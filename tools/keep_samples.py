"""Draw the sample radiographs, let the shipped model predict them, and keep both for the page "Try a sample".

    python tools/keep_samples.py           (after publishing a model, or after a change of the drawings)

The pictures are drawn by ``ml.phantom``; no patient is behind them, and the word SYNTHETIC is in each. The model reads
the very files that the page shows. Its answers, its heat maps and the hashes of the networks that gave them are written
beside the pictures, to ``static/img/samples``; ``tests/diagnosis/test_samples.py`` runs the model again and compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from diagnosis.results.heatmap_image import colour  # noqa: E402  # needs the path above
from ml import ARTIFACTS, Predictor, Refusal, read_radiograph, upsample  # noqa: E402
from ml.phantom import film  # noqa: E402

SAMPLES = ROOT / "static" / "img" / "samples"
SEED, DARK_SEED, ADULT_SEED = 3, 12, 44
WIDTH, HEIGHT = 960, 800
HEAT_WIDTH = 480  # px; smooth anyway, the browser spreads it over the picture
Gray = NDArray[np.uint8]


def _exposed(
    seed: int, height: int, gamma: float, levels: tuple[float, float], unsharp: float, borders: tuple[int, int]
) -> Gray:
    """A drawing exposed otherwise: darker by ``gamma``, between two grey levels (0..1), with black borders (y, x)."""
    darkest, brightest = levels
    drawn = film(seed, width=WIDTH, height=height).astype(np.float64) / 255
    exposed = Image.fromarray(np.rint(255 * (darkest + (brightest - darkest) * drawn**gamma)).astype(np.uint8))
    rows, columns = borders
    return np.pad(np.asarray(exposed.filter(ImageFilter.GaussianBlur(unsharp))), ((rows, rows), (columns, columns)))


def _dark() -> Gray:
    """Exposed dark: one of many, chosen for its answer as an adult's: indeterminate."""
    return _exposed(DARK_SEED, 876, 3.93, (0.17, 0.72), 0.55, (69, 84))


def _adult() -> Gray:
    """Of little contrast, a little unsharp, with wide borders: one of many, chosen for its answer: no signs."""
    return _exposed(ADULT_SEED, 898, 2.0, (0.35, 0.76), 1.1, (130, 170))


DRAWINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "opacity": (lambda: film(SEED, opacity=True, width=WIDTH, height=HEIGHT), "child"),
    "clear": (lambda: film(SEED, width=WIDTH, height=HEIGHT), "child"),
    "dark": (_dark, "adult"),
    "adult": (_adult, "adult"),
    "half": (lambda: film(SEED, width=WIDTH, height=HEIGHT)[:, WIDTH // 2 :], "child"),
}
"""What is drawn and the population stated with it, by the name that the page has its words for; in the page's order."""


def predict(predictor: Predictor, picture: Path) -> tuple[dict[str, Any], Image.Image | None]:
    """What the model says of a picture file, and its heat map as the page lays it over the picture."""
    stated = DRAWINGS[picture.stem][1]
    radiograph = read_radiograph(picture.read_bytes())
    height, width = radiograph.pixels.shape
    answered: dict[str, Any] = {"name": picture.stem, "width": width, "height": height}
    answer = predictor.predict([radiograph.model_input()], stated=[stated])[0]
    if isinstance(answer, Refusal):
        return answered | {
            "refused": answer.code,
            "message": answer.message,
            "advice": answer.advice,
            "parameters": answer.parameters,
        }, None
    heat = upsample(answer.heatmap, HEAT_WIDTH, round(HEAT_WIDTH * height / width))
    return answered | {
        "finding": answer.finding,
        "probability": answer.probability,
        "operating_point": answer.operating_point,
        "rule_out": answer.cuts.rule_out,
        "rule_in": answer.cuts.rule_in,
        "population": stated,
        "warnings": [asdict(warning) for warning in (*radiograph.notices, *answer.warnings)],
        "milliseconds": round(answer.milliseconds, 1),
    }, colour(heat)


def gate_sha256() -> str:
    """Of the image check's network, as its card says."""
    return str(json.loads((ARTIFACTS / "gate" / "card.json").read_text("utf-8"))["files"]["model.bin"])


def main() -> None:
    """Draw, predict, keep."""
    SAMPLES.mkdir(exist_ok=True)
    predictor = Predictor.load()
    kept = []
    for name, (draw, _stated) in DRAWINGS.items():
        picture = SAMPLES / f"{name}.webp"
        Image.fromarray(np.asarray(draw(), np.uint8)).save(picture, quality=72, method=6)
        answered, heat = predict(predictor, picture)
        if heat is not None:
            heat.save(SAMPLES / f"{name}-heat.webp", quality=60, method=6)
        kept.append(answered)
        print(name, answered.get("finding") or answered["refused"], answered.get("probability", ""))
    card = predictor.card
    told = {"version": card.version, "sha256": card.sha256, "gate_sha256": gate_sha256(), "samples": kept}
    (SAMPLES / "samples.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
