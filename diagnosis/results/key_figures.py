"""What the model card's page says first: the three findings that should stop a naive user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from diagnosis.results.formatting import figure
from ml import PopulationCard

A_LITTLE = 0.65
"""AUC on backgrounds alone up to which they tell little; the children's networks up to 2026.11.12 had 0.85 to 0.90."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A finding that speaks against trusting the model, with its figure."""

    title: str
    figure: str
    words: str


def stops(population: PopulationCard) -> list[Stop]:
    """The three findings, each with what was measured; one that was not measured says so without a figure."""
    return _of_adults(population) if population.name == "adult" else _of_children(population)


def _of_adults(population: PopulationCard) -> list[Stop]:
    appearance = population.metrics.get("by_kind") or population.metrics.get("by_appearance") or {}
    elsewhere = population.metrics.get("internal_test_as_another_site_might_send_it") or {}
    return [
        Stop(
            _("It knows the pneumonia of one epidemic"),
            _area(appearance.get("indeterminate")),
            _(
                "AUC on radiographs whose appearance the radiologists called indeterminate; typical ones are told "
                "apart much better. Nearly all pneumonia it has learnt from is COVID-19; what it makes of other "
                "pneumonia was not measured."
            ),
        ),
        _by_background(population),
        Stop(
            _("It was measured at the hospitals it has learnt from"),
            _area(elsewhere),
            _(
                "AUC on the same radiographs altered by a program, as another site might send them. Measure it on your "
                "own radiographs first."
            ),
        ),
    ]


def _of_children(population: PopulationCard) -> list[Stop]:
    adults = population.metrics.get("adults") or {}
    elsewhere = population.metrics.get("internal_test_as_another_site_might_send_it") or {}
    return [
        _by_background(population),
        Stop(
            _("It does not hold for other people"),
            _area(adults),
            _(
                "AUC of the network for children on adults’ radiographs from other hospitals, read by radiologists. It "
                "answers for children aged 1 to 5 alone; infants and children from 6 years get no answer."
            ),
        ),
        Stop(
            _("It has seen one hospital"),
            _area(elsewhere),
            _(
                "AUC on the same radiographs altered by a program, as another site might send them. No other "
                "hospital’s radiographs of such children were at hand, and published networks of this kind raise many "
                "more false alarms elsewhere. Measure it on your own radiographs first."
            ),
        ),
    ]


def _by_background(population: PopulationCard) -> Stop:
    alone = (population.metrics.get("background") or {}).get("alone")
    if alone is None or alone["auc"]["value"] > A_LITTLE:
        return Stop(
            _("It knows the classes by the background too"),
            _area(alone),
            _(
                "AUC with the chest taken out of every test radiograph (0.5 is chance): arms, belly and framing alone "
                "tell sick from well in these radiographs. Part of what it knows is not in the lungs."
            ),
        )
    return Stop(
        _("It knows a little by the background too"),
        _area(alone),
        _("AUC with the chest taken out of every test radiograph (0.5 is chance)."),
    )


def _area(measured: Mapping[str, Any] | None) -> str:
    return figure(measured["auc"], 3) if measured and "auc" in measured else "–"
