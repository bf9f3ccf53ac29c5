"""The pages anyone may read: landing, about, the model card, privacy, help. Figures come from the card alone."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from diagnosis import VERSION
from diagnosis.accounts.preferences import language
from diagnosis.models import ModelVersion, Population
from diagnosis.prepared import Prepared
from diagnosis.results.context import CARD_ERRORS
from diagnosis.results.drawings import drawing
from diagnosis.results.error_rates import consequences
from diagnosis.results.exam_labels import exams
from diagnosis.results.intervals import Interval
from diagnosis.results.key_figures import stops
from diagnosis.samples.kept import kept
from diagnosis.worker.model_registry import shipped_card
from ml import ARTIFACTS, ArtifactError, ModelCard, PopulationCard, load_card, parse_card

logger = logging.getLogger(__name__)

NOT_FOR_ROBOTS = ("/admin/", "/api/", "/dicom-web/", "/metrics")
FIGURES = ("roc", "pr", "calibration", "confusion", "scores", "robustness", "learning")

ACTIVE_VERSION = Prepared(lambda: ModelVersion.objects.filter(active=True).values_list("version", flat=True)[:1])


def product(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the foot of every page says. The model's version is asked for only when it is shown.

    And whether this site answers for adults, keeps submitted files, and sends webhooks' messages: pages must say so.
    """
    return {
        "product": {"version": VERSION, "model_version": SimpleLazyObject(_active_version)},
        "serves_adults": Population.ADULT in settings.POPULATIONS,
        "keeps_originals": settings.KEEP_ORIGINALS,
        "webhooks_on": settings.WEBHOOKS != "off",
    }


def _active_version() -> str:
    try:
        return ACTIVE_VERSION.first() or ""
    except DatabaseError:  # an error page must not fail for want of its foot
        logger.exception("Cannot read the active model version")
        return ""


@login_not_required
@require_safe
def page(request: HttpRequest, template: str) -> HttpResponse:
    """A page that says the same to everybody."""
    return render(request, template)


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What it is, what it looks like, and drawn radiographs to try it on."""
    screen = f"img/screens/result-{'de' if get_language() == 'de' else 'en'}.webp"  # dark in both themes
    return render(request, "pages/landing.html", {"kept": kept(), "screen": screen})


@login_not_required
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Pneumonia, reading a film, good pictures, how the model was made, limits, licence, sources."""
    card, _problem = _current_card()
    return render(request, "pages/about.html", {"card": card})


@login_not_required
@require_safe
@gzip_page  # long, and the same for everybody: nothing in it that its length could give away
def about_model(request: HttpRequest) -> HttpResponse:
    """The model card as a page; a card that cannot be read is reported, never replaced by made-up figures."""
    card, problem = _current_card()
    context: dict[str, Any] = {"card": card, "problem": problem}
    if card is not None:
        populations = [_of_population(card, population) for population in card.populations.values()]
        context |= {
            **populations[0],
            "populations": populations,
            "further": populations[1:],
            "exams": list(exams(_gate_card())),
            "failures": _failures(card),
        }
    return render(request, "pages/model.html", context)


@login_not_required
@require_safe
@cache_control(max_age=3600)
@vary_on_cookie  # the language may be chosen
def about_model_figure(request: HttpRequest, name: str, population: str = "") -> HttpResponse:
    """A figure of the model card, one of the SVG files beside a population's network (by itself the first one's)."""
    card, _problem = _current_card()
    answering = card.populations.get(population, None if population else card.first) if card else None
    figure = _figures(card, answering).get(name) if card and answering else None
    if figure is None:
        raise Http404
    response = HttpResponse(drawing(figure, paper=True), content_type="image/svg+xml")
    # A drawing styles itself inside; nothing else in it is allowed to act.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


@login_not_required
@require_safe
@gzip_page
def about_model_card(_request: HttpRequest) -> HttpResponse:
    """The model card itself, as JSON."""
    card, problem = _current_card()
    if card is None:
        raise Http404(problem)
    return JsonResponse(dict(card.raw), json_dumps_params={"indent": 2})


@login_not_required
@require_safe
@cache_control(max_age=86400)
def robots(_request: HttpRequest) -> HttpResponse:
    """Search engines may find what anybody may read; the rest asks for a sign-in anyway (RFC 9309)."""
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS)]
    return HttpResponse("\n".join(rules) + "\n", content_type="text/plain; charset=utf-8")


def _current_card() -> tuple[ModelCard | None, str]:
    """The card of the active version, or why there is none; before the first worker start, the shipped one."""
    try:
        raw = ModelVersion.objects.filter(active=True).values_list("card", flat=True).first()
        return (shipped_card() if raw is None else parse_card(raw)), ""
    except (ArtifactError, *CARD_ERRORS) as error:
        logger.warning("The model card cannot be shown: %s", error)
        return None, str(error)


def _of_population(card: ModelCard, population: PopulationCard) -> dict[str, Any]:
    """What the page tells of one population."""
    return {
        "population": population,
        "whose": Population(population.name).label,
        "points": [consequences(population, name) for name in population.operating_points],
        "bins": [(row, Interval(row.observed, *row.ci)) for row in population.bins],
        "balanced": consequences(population, "balanced"),
        "stops": stops(population),
        "figures": [(name, drawing(file)) for name, file in sorted(_figures(card, population).items(), key=_place)],
        "metrics": _metrics(card, population),
        "share_sick": _share_sick(population),
    }


def _figures(card: ModelCard, population: PopulationCard) -> dict[str, Path]:
    """The drawings beside a network by name without ".svg"; none if its folder holds another version by now."""
    folder = card.path(f"{population.network}.xml").parent
    try:
        now = load_card(folder)
        if (now.sha256, now.version) != (population.published.sha256, population.published.version):
            return {}
    except ArtifactError:
        return {}
    return {figure.stem: figure for figure in folder.glob("*.svg")}


def _place(figure: tuple[str, Path]) -> tuple[int, str]:
    """Where a figure stands on the page: the known ones in their order, then any others by name."""
    name, _file = figure
    return (FIGURES.index(name) if name in FIGURES else len(FIGURES)), name


def _share_sick(population: PopulationCard) -> float | None:
    """Of the films measured on, how many show pneumonia."""
    films = population.metrics.get("internal_test") or {}
    return films["positives"] / films["films"] if films.get("films") else None


def _gate_card() -> dict[str, Any]:
    """The input gate's card as it is; empty if it cannot be read."""
    return _json(ARTIFACTS / "gate" / "card.json")


def _failures(card: ModelCard) -> list[dict[str, Any]]:
    """What this very model predicted of drawn films (tools/draw_pictures.py); nothing if another version did."""
    file = finders.find("img/failures/failures.json")
    told = _json(Path(file)) if file else {}
    return told["films"] if told.get("sha256") == card.first.published.sha256 else []


def _metrics(card: ModelCard, population: PopulationCard) -> dict[str, Any]:
    """metrics.json beside a network, as it is; empty if it is not there, unreadable, or another version's."""
    if not _figures(card, population):
        return {}
    return _json(card.path(f"{population.network}.xml").with_name("metrics.json"))


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


urlpatterns: list[URLPattern] = [
    path("", landing, name="landing"),
    path("about/", about, name="about"),
    path("about/model/", about_model, name="about_model"),
    path("about/model/card.json", about_model_card, name="about_model_card"),
    path("about/model/<slug:population>/<slug:name>.svg", about_model_figure, name="about_model_figure_of"),
    path("about/model/<slug:name>.svg", about_model_figure, name="about_model_figure"),
    path("about/privacy/", page, {"template": "pages/privacy.html"}, name="about_privacy"),
    path("help/", page, {"template": "pages/help.html"}, name="help"),
    path("robots.txt", robots, name="robots"),
    path("language/", language, name="language"),
]
