"""May one believe the heat map? Four checks, run by evaluation; their results are in ``metrics.json``.

A fifth, whether it points to where the disease is, is :mod:`ml.evaluation.exchanged_sixths`.

None of them proves that a map shows why the network answered. Each can show that it does *not*: by lying outside the
lungs, by jumping when the film is moved a little, by marking places that do not matter to the answer, or by staying
the same when the network has been scrambled (Adebayo et al., Sanity Checks for Saliency Maps, 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.evaluation.chest_mask import chest_of, rough_chest, rough_lungs
from ml.inference.heatmap import upsample
from ml.intake.read import FILM_SIZE
from ml.network.export import as_list, read_head

Films = NDArray[np.uint8]
Maps = NDArray[np.float32]
Predict = Callable[[Films], tuple[NDArray[np.float64], Maps]]
"""Films (n, 224, 224) to calibrated log-odds (n,) and heat maps (n, h, w)."""

FAINTEST = 0.5 / 255
"""Heat below it rounds to nothing in the eight bits in which it is shown."""


def lung_share(maps: Maps, lungs: NDArray[np.bool_] | None = None) -> dict[str, float]:
    """Mean share of each map's heat inside the lungs and inside the chest, and what heat spread evenly would give.

    Args:
        maps: (n, h, w).
        lungs: (n, 224, 224), the lungs of each film; without them one rough outline of a child's.
    """
    if lungs is None:
        masks = {"lungs": np.stack([rough_lungs()] * len(maps)), "chest": np.stack([rough_chest()] * len(maps))}
    else:
        masks = {"lungs": lungs, "chest": np.stack([chest_of(one) > 127 for one in lungs])}
    large = np.stack([upsample(heat, FILM_SIZE, FILM_SIZE) for heat in maps])
    warm = large.max(axis=(1, 2)) >= FAINTEST
    large = large[warm]
    result = {"films": float(len(large))}
    for name, every in masks.items():
        mask = every[warm]
        shares = (large * mask).sum(axis=(1, 2)) / large.sum(axis=(1, 2))
        # Several places may share the highest value: then the share of them inside.
        peaks = [float(one[heat == heat.max()].mean()) for heat, one in zip(large, mask, strict=True)]
        result[f"share_in_{name}"] = float(np.mean(shares)) if len(shares) else float("nan")
        result[f"even_heat_would_give_{name}"] = float(mask.mean()) if len(shares) else float("nan")
        result[f"hottest_place_in_{name}"] = float(np.mean(peaks)) if peaks else float("nan")
    return result


def _moved(film: Films, dx: int, dy: int) -> Films:
    """Move a film by whole pixels; the edge is repeated where nothing comes in."""
    padded = np.pad(film, 16, mode="edge")
    return padded[16 - dy : 16 - dy + FILM_SIZE, 16 - dx : 16 - dx + FILM_SIZE]


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Pearson correlation of two maps; 0 when either is flat."""
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 1e-12 else 0.0


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -60, 60))))


def stability(films: Films, predict: Predict, pixels: int = 6) -> dict[str, float]:
    """Move films by a few pixels: how alike are the maps, moved back, and how far does the probability go?"""
    odds, maps = predict(films)
    alike: list[float] = []
    jumps: list[float] = []
    inner = slice(16, FILM_SIZE - 16)
    for dx, dy in ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)):
        moved_odds, moved = predict(np.stack([_moved(film, dx, dy) for film in films]))
        jumps += list(np.abs(_probability(moved_odds) - _probability(odds)))
        for before, after in zip(maps, moved, strict=True):
            back = np.roll(upsample(after, FILM_SIZE, FILM_SIZE), (-dy, -dx), axis=(0, 1))
            alike.append(correlation(upsample(before, FILM_SIZE, FILM_SIZE)[inner, inner], back[inner, inner]))
    return {
        "films": float(len(films)),
        "moved_by_pixels": float(pixels),
        "map_correlation": float(np.mean(alike)),
        "mean_change_of_probability": float(np.mean(jumps)),
        "largest_change_of_probability": float(np.max(jumps)),
    }


def deletion_insertion(
    films: Films, healthy: Films, predict: Predict, steps: int = 8, seed: int = 0
) -> dict[str, float]:
    """Exchange the hottest places first for those of a healthy film (deletion), or bring them into it (insertion).

    The figures are mean calibrated log-odds over the steps (after Petsiuk et al., RISE, 2018). A map that marks what
    matters has a lower deletion and a higher insertion figure than places taken in random order. A healthy film and
    not a blurred one, since blur itself resembles haze: these networks call it pneumonia.

    Args:
        films: (n, 224, 224), called pneumonia.
        healthy: (224, 224), called normal; matched to each film's mean and spread.
        predict: The network.
        steps: Pieces in which the film is exchanged.
        seed: Of the random order.
    """
    _, maps = predict(films)
    plain = (healthy - healthy.mean()) / max(float(healthy.std()), 1.0)
    over = np.stack([np.clip(plain * film.std() + film.mean(), 0, 255).astype(np.uint8) for film in films])
    random = np.random.default_rng(seed)
    result: dict[str, float] = {"films": float(len(films)), "steps": float(steps)}
    for kind in ("map", "random"):
        # Places are the cells of the map, so that both orders exchange pieces of one size.
        ranks = []
        for heat in maps:
            # A hair of noise puts cells of equal (often zero) heat in random order.
            key = heat + 1e-6 * random.random(heat.shape) if kind == "map" else random.random(heat.shape)
            rank = np.argsort(np.argsort(-key.ravel())).reshape(heat.shape) / heat.size
            picture = Image.fromarray(rank.astype(np.float32))
            ranks.append(np.asarray(picture.resize((FILM_SIZE, FILM_SIZE), Image.Resampling.NEAREST)))
        order = np.stack(ranks)
        for name, base, top in (("deletion", films, over), ("insertion", over, films)):
            curve = [predict(np.where(order < share, top, base))[0].mean() for share in np.linspace(0, 1, steps + 1)]
            result[f"{name}_{kind}"] = float(np.mean(curve))
    return result


def randomisation(model: Any, films: Films, seed: int = 0) -> dict[str, float]:
    """Scramble the Keras model's weights: head only, then all. How much do raw maps still look like the real ones?

    The raw map is features·w without scaling or clipping, so that a change of scale alone does not count as change.
    Weights are shuffled within each array, which keeps their distribution. The model is left as it was.
    """
    batch = films[..., None].astype(np.float32)
    random = np.random.default_rng(seed)
    kept = [weight.numpy() for weight in model.weights]
    weights, _ = read_head(model)

    def maps(head: NDArray[np.float32]) -> Maps:
        features = np.concatenate([as_list(model(batch[i : i + 8]))[1].numpy() for i in range(0, len(batch), 8)])
        raw: Maps = features @ head
        return raw

    before = maps(weights)
    shuffled_head = maps(random.permutation(weights))
    try:
        for weight in model.weights:
            values = weight.numpy()
            weight.assign(random.permutation(values.ravel()).reshape(values.shape))
        scrambled, _ = read_head(model)
        everything = maps(scrambled)
    finally:
        for weight, value in zip(model.weights, kept, strict=True):
            weight.assign(value)
    alike = {
        "head_scrambled": [correlation(a, b) for a, b in zip(before, shuffled_head, strict=True)],
        "all_scrambled": [correlation(a, b) for a, b in zip(before, everything, strict=True)],
    }
    return {"films": float(len(films)), **{f"map_correlation_{k}": float(np.mean(v)) for k, v in alike.items()}}
