"""The report of one study as PDF: what a person takes to a colleague, on paper or by mail.

The numbers are those of the result page: they come from the card of the model version that predicted, never from
today's. ``diagnosis.report.layout`` knows how it looks; here is what it says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from PIL import Image

from diagnosis import storage
from diagnosis.models import OperatingPointName, Prediction, Reference, Review, State, Study
from diagnosis.report.images import for_paper, marked, overlaid
from diagnosis.report.layout import Report, as_one_pdf
from diagnosis.results.card_sentences import translate_card
from diagnosis.results.context import population_card
from diagnosis.results.correction import how_corrected, put_right
from diagnosis.results.error_rates import TruthRow, consequences
from diagnosis.results.formatting import ends, measured, percent
from diagnosis.results.gate_checks import checks, without_repetition
from diagnosis.results.predictive_values import predictive_values
from diagnosis.results.stated_probability import stated
from diagnosis.results.translation import translate
from ml import Cuts, PopulationCard


def build(study: Study, *, by: str, author_id: int, prevalence: float | None = None) -> bytes:
    """The report of one study as PDF; see :func:`compose`."""
    return as_one_pdf([compose(study, by=by, author_id=author_id, prevalence=prevalence)])


def compose(study: Study, *, by: str, author_id: int, prevalence: float | None = None) -> Report:
    """The report in the language that is active, not yet set.

    Args:
        study: a finished study.
        by: who asked for it; printed.
        author_id: whose review and confirmed diagnosis go in.
        prevalence: how common pneumonia is where they work, if they stated it.

    Raises:
        FileNotFoundError: the stored film is gone.
    """
    prediction = study.prediction
    card = population_card(study, prediction.model_version) if prediction else None
    report = Report(
        title=_("Second look at a chest radiograph"),
        subject=study.label or _("Study %s") % f"{study.pk!s:.8}",
        made=_("Study %(id)s · made %(when)s for %(who)s")
        % {"id": study.pk, "when": moment(timezone.now()), "who": by},
    )
    with storage.open_film(study) as file:
        film = put_right(for_paper(file), study)
    caption = _("The radiograph as it was submitted.")
    if study.corrected:
        put = how_corrected(study)
        caption = _("The radiograph as the image check put it right (%s); it was submitted otherwise.") % put
    report.facts(_facts(study))
    if prediction is not None and card is not None:
        _answer(report, study, prediction, card, prevalence)
        pictures = [_marked(film, caption, study, author_id)]
        if prediction.heatmap:
            pictures.append((overlaid(film, bytes(prediction.heatmap)), _map_caption()))
        report.pictures(pictures)
        _rule_in_force(report, prediction, card, prevalence)
    else:
        _no_answer(report, study)
        report.pictures([(film, caption)])
    _checked(report, study, prediction)
    _reviews(report, study, author_id)
    if card is not None:
        report.heading(_("Whose radiographs the model learned from"))
        report.text(translate_card(card.description))
        report.heading(_("Limits of the model"))
        report.bullets([translate_card(limit) for limit in card.limits])
    return report


def moment(when: datetime) -> str:
    """A time as the active language writes it, with its zone: paper has no reader's own zone."""
    local = timezone.localtime(when)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local:%Z}"


def _marked(film: Image.Image, caption: str, study: Study, author_id: int) -> tuple[Image.Image, str]:
    """The film with what the reader drew on it, if they did."""
    mine = Review.objects.filter(study=study, author_id=author_id, is_current=True)
    marks = mine.values_list("marks", flat=True).first()
    if not marks:
        return film, caption
    drawn = _("With the reader’s marks.")  # not inside the f-string, where makemessages would not see it
    return marked(film, marks, study.shown_size), f"{caption} {drawn}"


def _map_caption() -> str:
    return _(
        "Heat map over a copy of the radiograph: where the network counted what speaks for pneumonia. It is coarse, "
        "may lie beside the diseased part, and a convincing map does not make a result right."
    )


def _facts(study: Study) -> list[tuple[str, str]]:
    facts = [
        (_("Label"), study.label or "–"),
        *([(_("Patient code"), study.patient_code)] if study.patient_code else []),
        (_("Submitted"), moment(study.created_at)),
        (_("Answered"), moment(study.finished_at) if study.finished_at else "–"),
        (_("Radiograph"), f"{study.width} × {study.height} · {study.source_format}"),
    ]
    if study.population:
        known = f"{study.get_population_display()} ({study.get_population_known_by_display()})"
        facts.append((_("Population"), known))
    view, age = study.header.get("view_position"), study.header.get("age_years")
    if view:
        facts.append((_("View, from the DICOM header"), str(view)))
    if age is not None:
        facts.append((_("Age, from the DICOM header"), _("%s years") % number_format(round(age, 1), 1)))
    return facts


def _answer(
    report: Report, study: Study, prediction: Prediction, card: PopulationCard, prevalence: float | None
) -> None:
    for warning in without_repetition([*study.notices, *prediction.warnings]):
        _warning(report, warning)
    shown = stated(card, prediction.probability, prevalence)
    assumed = (
        _("where %s of such patients have pneumonia, as you entered")
        if prevalence
        else _("if %s of such patients have it")
    ) % percent(shown.prevalence)
    words = _("Probability of pneumonia, %(assumed)s: %(probability)s") % {"assumed": assumed, "probability": shown}
    points = [
        (OperatingPointName(name).label, point.cuts, name == prediction.operating_point)
        for name, point in card.operating_points.items()
    ]
    report.finding(
        prediction.finding,
        prediction.get_finding_display(),
        words,
        probability=prediction.probability,
        points=points,
        cuts=Cuts(prediction.rule_out, prediction.rule_in),
    )
    if prevalence:
        at_reference = stated(card, prediction.probability)
        base = percent(at_reference.prevalence)
        report.text(
            _("At the prevalence of the calibration, %(base)s: %(there)s.") % {"base": base, "there": at_reference}
        )
    if prediction.finding == "indeterminate":
        report.text(_("The model gives no answer here. This radiograph needs a person."))


def _warning(report: Report, warning: dict[str, Any]) -> None:
    report.warning(*(translate(warning[part], warning["parameters"]) for part in ("message", "advice")))


def _checked(report: Report, study: Study, prediction: Prediction | None) -> None:
    codes = [study.reason_code, *(notice["code"] for notice in study.notices)]
    if prediction is not None:
        codes += [warning["code"] for warning in prediction.warnings]
    found = checks(codes, refused=prediction is None)
    if study.state != State.FAILED and found:
        report.heading(_("Image check"))
        report.text(" · ".join(f"{check.name}: {check.outcome}" for check in found))


def _no_answer(report: Report, study: Study) -> None:
    title = (
        _("The model was not asked about this radiograph")
        if study.state == State.REJECTED
        else _("This radiograph could not be analysed")
    )
    report.finding("", title, _("There is no finding and no probability."))
    report.warning(*(translate(part, study.reason_parameters) for part in (study.reason, study.advice)))
    for notice in study.notices:
        _warning(report, notice)


def _rule_in_force(report: Report, prediction: Prediction, card: PopulationCard, prevalence: float | None) -> None:
    meant = consequences(card, prediction.operating_point)
    report.heading(_("How often it is wrong"))
    report.text(
        _("Operating point %(name)s: normal below %(low)s, pneumonia from %(high)s, indeterminate between. %(meaning)s")
        % {
            "name": meant.name, "low": percent(prediction.rule_out), "high": percent(prediction.rule_in),
            "meaning": meant.meaning,
        }
    )  # fmt: skip
    if meant.rows:
        head = ["", *(str(cell.finding.label) for cell in meant.rows[0].cells)]
        report.table([head, *(_row(row) for row in meant.rows)])
    if meant.point.table is None:
        report.text(_("How often this version was wrong by this rule was not measured."))
    else:
        worth = predictive_values(meant.point.table, prevalence or card.prevalence)
        values = {"ppv": measured(worth.of("pneumonia").sick), "npv": measured(worth.of("normal").well),
                  "ipv": measured(worth.of("indeterminate").sick), "prevalence": percent(worth.prevalence)}  # fmt: skip
        report.text(
            _(
                "Where %(prevalence)s of such patients have pneumonia: positive predictive value %(ppv)s, negative "
                "predictive value %(npv)s; of those left indeterminate %(ipv)s have pneumonia."
            )
            % values
        )
        report.text(
            _(
                # xgettext:no-python-format
                "Measured on test patients on whom nothing was chosen, from the hospital the model learned from; "
                "elsewhere it can be wrong far more often. In brackets 95 % intervals."
            )
        )
    report.facts(
        [
            (_("Model"), prediction.model_version.version),
            (_("SHA-256 of the model"), prediction.model_version.sha256),
            (_("Time the model took"), f"{number_format(round(prediction.milliseconds, 1), 1)} ms"),
        ]
    )


def _row(row: TruthRow) -> list[str]:
    name = _("Of 100 %(truth)s (%(films)d radiographs of %(patients)d patients)") % {
        "truth": row.name, "films": row.films, "patients": row.patients,
    }  # fmt: skip
    return [name, *(f"{cell.of_100} {ends(cell.share)}".strip() for cell in row.cells)]


def _reviews(report: Report, study: Study, author_id: int) -> None:
    review = Review.objects.filter(study=study, author_id=author_id, is_current=True).select_related("author").first()
    reference = Reference.objects.filter(study=study, author_id=author_id, is_current=True).first()
    report.heading(_("Read by a person"))
    if review is None:
        report.text(_("Nobody has entered a reading of this radiograph."))
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
