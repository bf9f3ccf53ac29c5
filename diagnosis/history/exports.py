"""The history as CSV and JSON, with the filters of the page it was asked from. Streamed, batch by batch.

The model's answer is left out where the person chose to read the film first and has not yet; their own reviews and
confirmed diagnoses go along. ``COLUMNS`` is the one description of the columns: page, JSON and ZIP show it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis.access import person
from diagnosis.history.filters import ORDERS, filter_for
from diagnosis.history.keyset import Order, batches
from diagnosis.models import Reference, Review, StudyQuerySet, TagNames
from diagnosis.results.context import population_card
from diagnosis.reviews.marks import in_words
from ml import csv_line

FORMAT_VERSION = 2
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
DISCLAIMER = gettext_lazy(
    "Accuracy: the model is wrong on some radiographs. Not medical advice: nothing here is a diagnosis; a qualified "
    "person must read the radiograph."
)
COLUMNS: dict[str, Promise] = {
    "id": gettext_lazy("The study's id, as in its address /studies/<id>/."),
    "label": gettext_lazy("Your own label. In CSV, a label that a spreadsheet would run as a formula starts with '."),
    "patient_code": gettext_lazy("Your own code for the patient; empty without one."),
    "tags": gettext_lazy("Your own tags; in CSV separated by a semicolon."),
    "submitted_at": gettext_lazy("When the radiograph was submitted, ISO 8601, UTC."),
    "finished_at": gettext_lazy("When the answer was there, ISO 8601, UTC; empty while waiting."),
    "state": gettext_lazy("queued, running, done, rejected (not suitable) or failed."),
    "reason_code": gettext_lazy("Why it was rejected or failed: a stable code; empty otherwise."),
    "answer_hidden": gettext_lazy(
        "true: you chose to read radiographs first, and have not read this one: no answer here."
    ),
    "finding": gettext_lazy("The model's finding: pneumonia, normal or indeterminate; empty without an answer."),
    "probability": gettext_lazy(
        "The model's calibrated probability of pneumonia, between 0 and 1, never 0 or 1, at the prevalence it assumes."
    ),
    "assumed_prevalence": gettext_lazy("Share of pneumonia that this probability assumes."),
    "probability_low": gettext_lazy("What measurements support at least, of radiographs given such a probability."),
    "probability_high": gettext_lazy("What they support at most."),
    "score": gettext_lazy("The network's logit, before calibration; empty for answers of the time before it was kept."),
    "operating_point": gettext_lazy("The named pair of cuts in force: screening, balanced or rule_in."),
    "rule_out": gettext_lazy("The lower cut: normal where the probability lies below it."),
    "rule_in": gettext_lazy("The upper cut: pneumonia from it upwards, indeterminate between the two."),
    "model_version": gettext_lazy("Version of the model that predicted this."),
    "model_sha256": gettext_lazy("SHA-256 of that model's file."),
    "warnings": gettext_lazy("Codes of the warnings that go with the answer or the radiograph."),
    "milliseconds": gettext_lazy("Time the model took."),
    "width": gettext_lazy("Width of the radiograph in pixels."),
    "height": gettext_lazy("Height of the radiograph in pixels."),
    "format": gettext_lazy("What was submitted: JPEG, PNG, DICOM and so on."),
    "pixel_sha256": gettext_lazy("SHA-256 of the radiograph's size and pixels: equal radiographs have equal values."),
    "view_position": gettext_lazy("View, from a DICOM header; empty for other formats."),
    "pixel_spacing_mm": gettext_lazy("Millimetres from pixel to pixel, from a DICOM header; empty for other formats."),
    "age_years": gettext_lazy("Age in years, from a DICOM header; empty for other formats."),
    "population": gettext_lazy("Whose radiograph it is: child (1 to 5 years), adult, outside (neither) or unknown."),
    "population_known_by": gettext_lazy(
        "How that is known: header (DICOM age), stated (by you) or image (by its appearance)."
    ),
    "population_stated": gettext_lazy("What you stated for the submission: child or adult; empty: not known."),
    "quarter_turns": gettext_lazy(
        "Counter-clockwise quarter turns that put the radiograph upright for the model and for you."
    ),
    "inverted": gettext_lazy("true: black and white were exchanged, for the model and for you."),
    "my_agreement": gettext_lazy("Your review: agree, disagree or unsure; empty without one, or if you read first."),
    "my_finding": gettext_lazy("Your own finding."),
    "my_certainty": gettext_lazy("How sure you were: low, medium or high."),
    "my_comment": gettext_lazy("Your comment."),
    "my_marks": gettext_lazy(
        "Boxes and arrows you drew: kind and both ends (x, y, x, y) in pixels of the radiograph as shown."
    ),
    "read_before_answer": gettext_lazy("true: you gave your finding before the model's answer was shown."),
    "confirmed_diagnosis": gettext_lazy("The diagnosis you entered as confirmed later: pneumonia or normal."),
    "confirmed_by": gettext_lazy("What confirmed it: radiologist, ct, follow_up or laboratory."),
}


@require_safe
@never_cache
def studies_export(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The filtered history as a download; ``kind`` is csv or json."""
    chosen = filter_for(request)
    if chosen.errors:  # a mistyped filter must not quietly export everything
        raise BadRequest(chosen.errors.as_text())
    rows, order = chosen.rows()
    filters = {name: str(value) for name, value in request.GET.items() if value and name not in ("after", "before")}
    return stream(rows, kind, person(request), order, filters)


@require_safe
def studies_export_columns(request: HttpRequest) -> HttpResponse:
    """What the columns mean."""
    return render(request, "studies/columns.html", {"columns": COLUMNS})


def stream(
    rows: StudyQuerySet, kind: str, user: User, order: Order = ORDERS["newest"], filters: dict[str, str] | None = None
) -> StreamingHttpResponse:
    """The given studies as a download; ``kind`` is csv or json."""
    records = (record for batch in batches(with_all(rows, user), order) for record in map(as_record, batch))
    chunks = as_csv(records) if kind == "csv" else as_json(records, filters or {})
    name = f"pneumoweb-history-{timezone.localdate():%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(chunks, content_type=TYPES[kind], headers=headers)


def with_all(rows: StudyQuerySet, user: User) -> StudyQuerySet:
    """With the current prediction and this person's reviews, in three further queries a batch."""
    reviews = Review.objects.filter(author=user, is_current=True)
    references = Reference.objects.filter(author=user, is_current=True)
    return (
        rows.with_hidden(user)
        .annotate(tag_names=TagNames.of_study())
        .with_current_prediction()
        .prefetch_related(
            Prefetch("reviews", queryset=reviews, to_attr="my_reviews"),
            Prefetch("references", queryset=references, to_attr="my_references"),
        )
    )


def as_record(study: Any) -> dict[str, Any]:
    """One study of ``with_all`` as plain values, the keys of ``COLUMNS`` in their order."""
    prediction = None if study.answer_hidden else study.prediction
    population = population_card(study, prediction.model_version) if prediction else None
    measured = population.bin_of(prediction.probability) if population and prediction else None
    review = next(iter(study.my_reviews), None)
    reference = next(iter(study.my_references), None)
    notices = [*study.notices, *(prediction.warnings if prediction else [])]
    return {
        "id": str(study.pk),
        "label": study.label,
        "patient_code": study.patient_code,
        "tags": sorted(filter(None, (study.tag_names or "").split("\n"))),
        "submitted_at": _moment(study.created_at),
        "finished_at": _moment(study.finished_at),
        "state": study.state,
        "reason_code": study.reason_code,
        "answer_hidden": study.answer_hidden,
        "finding": prediction.finding if prediction else None,
        "probability": prediction.probability if prediction else None,
        "assumed_prevalence": population.prevalence if population else None,
        "probability_low": measured.ci[0] if measured else None,
        "probability_high": measured.ci[1] if measured else None,
        "score": prediction.score if prediction else None,
        "operating_point": prediction.operating_point if prediction else None,
        "rule_out": prediction.rule_out if prediction else None,
        "rule_in": prediction.rule_in if prediction else None,
        "model_version": prediction.model_version.version if prediction else None,
        "model_sha256": prediction.model_version.sha256 if prediction else None,
        "warnings": [notice["code"] for notice in notices],
        "milliseconds": prediction.milliseconds if prediction else None,
        "width": study.width,
        "height": study.height,
        "format": study.source_format,
        "pixel_sha256": study.pixel_hash,
        "view_position": study.header.get("view_position", ""),
        "pixel_spacing_mm": study.header.get("pixel_spacing_mm"),
        "age_years": study.header.get("age_years"),
        "population": study.population,
        "population_known_by": study.population_known_by,
        "population_stated": study.stated_population,
        "quarter_turns": study.quarter_turns,
        "inverted": study.inverted,
        "my_agreement": review.agreement if review else None,
        "my_finding": review.finding if review else None,
        "my_certainty": review.certainty if review else None,
        "my_comment": review.comment if review else None,
        "my_marks": in_words(review.marks) if review else [],
        "read_before_answer": review.before_answer if review else None,
        "confirmed_diagnosis": reference.diagnosis if reference else None,
        "confirmed_by": reference.source if reference else None,
    }


def _moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).isoformat() if value else None


def as_csv(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Lines of CSV: UTF-8 with a byte-order mark (spreadsheets ask for it), comma, CRLF (RFC 4180)."""
    yield "\ufeff" + csv_line(COLUMNS, "\r\n")
    for record in records:
        yield csv_line({**record, "tags": "; ".join(record["tags"])}.values(), "\r\n")


def as_json(records: Iterator[dict[str, Any]], filters: dict[str, str]) -> Iterator[str]:
    """One JSON object: what this is, what the columns mean, the filters, and the studies."""
    head = {
        "format": "pneumoweb-history",
        "format_version": FORMAT_VERSION,
        "exported_at": _moment(timezone.now()),
        "disclaimer": str(DISCLAIMER),
        "filters": filters,
        "columns": {name: str(meaning) for name, meaning in COLUMNS.items()},
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "studies": ['
    comma = ""
    for record in records:
        yield f"{comma}\n  {json.dumps(record, ensure_ascii=False)}"
        comma = ","
    yield "\n ]\n}\n"
