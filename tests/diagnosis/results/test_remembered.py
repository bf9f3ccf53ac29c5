"""What is rendered once in a process holds nothing of the study or the person that it was rendered for."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.models import Prediction, Preferences, Reference, Review, Study
from diagnosis.templating import nodes
from tests.diagnosis.reviews.drawn_readings import with_heat
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def page(client: Client, study: Study) -> str:
    return re.sub(
        r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")\w{64}', r"\1", client.get(study.get_absolute_url()).text
    )


def test_a_page_is_the_same_whatever_was_asked_for_before(
    owner: User, owner_client: Client, stranger: User, stranger_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, other, heat = analysed(owner), analysed(owner, 1, probability=0.05), with_heat(owner, 2)
    turned, measured, read = (analysed(owner, seed) for seed in (3, 4, 5))
    sure, confirmed, theirs = analysed(owner, 7, probability=0.995), analysed(owner, 8), with_heat(stranger, 9)
    asked = [
        plain,
        other,
        heat,
        submitted(owner, 6),
        turned,
        measured,
        read,
        sure,
        confirmed,
        analysed(stranger),
        theirs,
    ]
    for number, study in enumerate(asked):  # no two of a moment, a time it took or a version of the intended use
        times = {name: NOON + dt.timedelta(days=number, minutes=7 * number) for name in ("created_at", "queued_at")}
        Study.objects.filter(pk=study.pk).update(**times, intended_use_at=NOON - dt.timedelta(days=number))
        Prediction.objects.filter(study=study).update(created_at=NOON, milliseconds=1.5 + number)
    Study.objects.filter(state="done").update(finished_at=NOON + dt.timedelta(days=90))
    Study.objects.filter(pk=other.pk).update(width=1234, height=777, source_format="DICOM", label="<one>")
    Study.objects.filter(pk=turned.pk).update(quarter_turns=1, inverted=True, patient_code="p 7")
    Study.objects.filter(pk=measured.pk).update(header={"pixel_spacing_mm": 0.143, "age_years": 4.0})
    Review.record(
        study=read, author=owner, prediction=read.prediction, before_answer=False, agreement="disagree",
        finding="normal", certainty="low", comment="mine",
        marks=[{"kind": "box", "x1": 1, "y1": 2, "x2": 30, "y2": 40}],
    )  # fmt: skip
    Reference.record(study=confirmed, author=owner, diagnosis="normal", source="follow_up")
    Study.objects.filter(pk=confirmed.pk).update(patient_code="p 7", intended_use_version="<of another day>")
    Preferences.objects.create(user=stranger, prevalence=0.2)
    clients = {owner.pk: owner_client, stranger.pk: stranger_client}
    alone = {}
    for study in asked:
        monkeypatch.setattr(nodes, "_fragments", {})
        alone[study.pk] = page(clients[study.owner_id], study)
    for study in [*asked, *reversed(asked)]:
        assert page(clients[study.owner_id], study) == alone[study.pk]
    assert [study for study in asked if "mine" in alone[study.pk]] == [read]
    assert all(f"/studies/{study.pk}/image/" in alone[study.pk] for study in asked)
