"""Cards of format 1, as they lie in databases and in artefacts published before, in the terms of format 2.

Their operating points were single thresholds, and a zone common to all of them overrode these; so the rule that was in
force is the pair (lower of both lower ends, higher of both upper ends). What they say of errors was measured with the
threshold alone, a rule that was never in force: it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def upgraded(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A card's JSON in format 2; one that is in it already is returned as it is.

    Raises:
        KeyError, TypeError, ValueError: an earlier card is not whole.
    """
    if raw["format_version"] != 1:
        return raw
    zone = raw["indeterminate"]
    points = [
        {
            "name": point["name"],
            "rule_out": min(point["threshold"], zone["low"]),
            "rule_in": max(point["threshold"], zone["high"]),
        }
        for point in raw["operating_points"]
    ]
    if not zone["low"] <= zone["high"]:
        raise ValueError("the indeterminate zone ends before it starts")
    child = {
        "ages": [1, 5],
        "description": raw["population"],
        "data": [],
        "network": {"file": "model", "input": raw["input"], "head": raw["head"]},
        "calibration": {"prevalence": 0.5, **raw["calibration"]},
        "operating_points": points,
        "metrics": raw["metrics"],
        "limits": raw["limits"],
    }
    kept = {key: raw[key] for key in ("format_version", "version", "name", "intended_use", "training", "files")}
    training = {"input_size" if key == "look" else key: value for key, value in raw["training"].items()}
    return {**kept, "training": training, "populations": {"child": child}}
