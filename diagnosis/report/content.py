"""The report of one study as PDF: what a person takes to a colleague, on paper or by mail.

The numbers are those of the result page: they come from the card of the model version that judged, never from
today's. ``diagnosis.report.layout`` knows how it looks; here is what it says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from diagnosis import storage
from diagnosis.models import OperatingPointName, Prediction, Reference, Review, State, Study
from diagnosis.report.images import for_paper, overlaid
from diagnosis.report.layout import Report
from diagnosis.results.card_sentences import translate_card
from diagnosis.results.context import card_of
from diagnosis.results.error_rates import consequences
from diagnosis.results.formatting import percent, share
from diagnosis.results.gate_checks import checks, without_repetition
from diagnosis.results.intervals import Interval
from diagnosis.results.translation import translate
from ml import ModelCard


def build(study: Study, *, by: str, author_id: int) -> bytes:
    """The report in the language that is active.

    Args:
        study: a finished study.
        by: who asked for it; printed.
        author_id: whose review and confirmed diagnosis go in.

    Raises:
        FileNotFoundError: the stored film is gone.
    """
    prediction = study.prediction
    card = card_of(prediction) if prediction else None
    report = Report(
        title=_("Second look at a chest film"),
        subject=study.label or _("Study %s") % f"{study.pk!s:.8}",
        made=_("Study %(id)s · made %(when)s for %(who)s")
        % {"id": study.pk, "when": moment(timezone.now()), "who": by},
    )
    with storage.open_film(study) as file:
        film = for_paper(file)
    report.facts(_facts(study))
    if prediction is not None and card is not None:
        _answer(report, study, prediction, card)
        pictures = [(film, _("The film as it was submitted."))]
        if prediction.heatmap:
            pictures.append((overlaid(film, bytes(prediction.heatmap)), _map_caption()))
        report.pictures(pictures)
        _judged_by(report, prediction, card)
    else:
        _no_answer(report, study)
        report.pictures([(film, _("The film as it was submitted."))])
    _checked(report, study, prediction)
    _said_by_people(report, study, author_id)
    if card is not None:
        report.heading(_("Whose films the model learned from"))
        report.text(translate_card(card.population))
        report.heading(_("Limits of the model"))
        report.bullets([translate_card(limit) for limit in card.limits])
    return report.as_pdf()


def moment(when: datetime) -> str:
    """A time as the active language writes it, with its zone: paper has no reader's own zone."""
    local = timezone.localtime(when)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local:%Z}"


def _map_caption() -> str:
    return _(
        "Heat map over a copy of the film: where the network found what speaks for pneumonia. It is coarse, it is not "
        "a contour of disease, and a convincing map does not make a result right."
    )


def _facts(study: Study) -> list[tuple[str, str]]:
    facts = [
        (_("Label"), study.label or "–"),
        (_("Submitted"), moment(study.created_at)),
        (_("Answered"), moment(study.finished_at) if study.finished_at else "–"),
        (_("Film"), f"{study.width} × {study.height} · {study.source_format}"),
    ]
    view, age = study.header.get("view_position"), study.header.get("age_years")
    if view:
        facts.append((_("View, as the file said"), str(view)))
    if age is not None:
        facts.append((_("Age, as the file said"), _("%s years") % number_format(round(age, 1), 1)))
    return facts


def _answer(report: Report, study: Study, prediction: Prediction, card: ModelCard) -> None:
    zone = card.indeterminate
    points = [
        (OperatingPointName(name).label, point.threshold, name == prediction.operating_point)
        for name, point in card.operating_points.items()
    ]
    report.finding(
        prediction.finding,
        prediction.get_finding_display(),
        _("Probability of pneumonia: %s") % percent(prediction.probability),
        probability=prediction.probability,
        points=points,
        zone=(zone.low, zone.high) if zone.high > zone.low else None,
    )
    if prediction.finding == "indeterminate":
        report.text(_("The model does not know. This film needs a person."))
    for warning in without_repetition([*study.notices, *prediction.warnings]):
        _warning(report, warning)


def _warning(report: Report, warning: dict[str, Any]) -> None:
    report.warning(*(translate(warning[part], warning["parameters"]) for part in ("message", "advice")))


def _checked(report: Report, study: Study, prediction: Prediction | None) -> None:
    codes = [study.reason_code, *(notice["code"] for notice in study.notices)]
    if prediction is not None:
        codes += [warning["code"] for warning in prediction.warnings]
    found = checks(codes, refused=prediction is None)
    if study.state != State.FAILED and found:
        report.heading(_("Checks of the input gate"))
        report.text(" · ".join(f"{check.name}: {check.outcome}" for check in found))


def _no_answer(report: Report, study: Study) -> None:
    title = (
        _("The model was not asked about this film")
        if study.state == State.REJECTED
        else _("This film could not be analysed")
    )
    report.finding("", title, _("There is no finding and no probability."))
    reason, advice = (translate(part, study.reason_parameters) for part in (study.reason, study.advice))
    report.warning(reason, f"{advice} ({study.reason_code})".strip())
    for notice in study.notices:
        _warning(report, notice)


def _judged_by(report: Report, prediction: Prediction, card: ModelCard) -> None:
    meant = consequences(card, prediction.operating_point)
    point = meant.point
    report.heading(_("Judged by"))
    report.text(
        _("Operating point %(name)s: pneumonia from %(threshold)s upwards. %(meaning)s")
        % {"name": meant.name, "threshold": percent(prediction.threshold), "meaning": meant.meaning}
    )
    report.text(
        _(
            "Of 100 such films with pneumonia %(missed)s missed; of 100 without, %(alarms)s false alarms. "
            "Measured on films like those it learned from; on other films it can be wrong far more often."
        )
        % {"missed": meant.rates.missed, "alarms": meant.rates.false_alarms}
    )
    report.facts(
        [
            (_("Sensitivity"), _rate(meant.rates.sensitivity, point.positives)),
            (_("Specificity"), _rate(meant.rates.specificity, point.negatives)),
            (_("Indeterminate zone"), f"{percent(card.indeterminate.low)} – {percent(card.indeterminate.high)}"),
            (_("Model"), f"{card.name}, {prediction.model_version.version}"),
            (_("SHA-256 of the model"), prediction.model_version.sha256),
            (_("Time the model took"), f"{number_format(round(prediction.milliseconds, 1), 1)} ms"),
        ]
    )


def _rate(measured: Interval, count: int) -> str:
    if not 0 < measured.value < 1:
        return _("%(value)s (none of %(count)d films judged wrongly; end of the 95 %% interval)") % {
            "value": share(measured, 1), "count": count,
        }  # fmt: skip
    return _("%(value)s (95 %% interval %(low)s – %(high)s, %(count)d films)") % {
        "value": share(measured, 1), "low": percent(measured.low, 1), "high": percent(measured.high, 1), "count": count,
    }  # fmt: skip


def _said_by_people(report: Report, study: Study, author_id: int) -> None:
    review = Review.objects.filter(study=study, author_id=author_id, is_current=True).select_related("author").first()
    reference = Reference.objects.filter(study=study, author_id=author_id, is_current=True).first()
    report.heading(_("Read by a person"))
    if review is None:
        report.text(_("Nobody has entered a reading of this film."))
    else:
        facts: list[tuple[str, Any]] = [
            (_("Reader"), review.author.get_username()),
            (_("Own finding"), review.get_finding_display()),
            (_("Certainty"), review.get_certainty_display()),
            (
                _("Agreement"),
                review.get_agreement_display() if review.agreement else _("Read before the model’s answer was shown"),
            ),
            (_("Entered"), moment(review.created_at)),
        ]
        report.facts(facts)
        if review.comment:
            report.quote(_("Comment"), review.comment)
    if reference is not None:
        report.facts(
            [(_("Confirmed diagnosis"), f"{reference.get_diagnosis_display()} ({reference.get_source_display()})")]
        )
