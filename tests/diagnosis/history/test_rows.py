"""A line of the history is one template that is filled in for each study, and what is filled in stays text."""

from __future__ import annotations

from itertools import product

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from diagnosis.history.rows import PLACES, Kind, pattern, rows_for
from diagnosis.models import Agreement, Finding, State, Study, Tag
from tests.diagnosis.history.rows import study
from tests.studies import model_version

KINDS = [
    Kind(state, finding, warned, hidden, bool(agreement), agreement, again)
    for state, finding in [*((State.DONE, found) for found in Finding.values), *((other, "") for other in State.values)]
    for agreement in ("", *Agreement.values)
    for warned, hidden, again in product((False, True), repeat=3)
]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_kind_of_line_has_its_places_and_no_other_brace(language: str) -> None:
    with translation.override(language):
        for kind in KINDS:
            filled = pattern(kind, language).format(**dict.fromkeys([*PLACES, "key"], "x"))
            assert "{" not in filled, kind


@pytest.mark.django_db
def test_braces_and_markup_in_a_label_or_tag_are_shown_as_they_are(owner: User, owner_client: Client) -> None:
    row = study(owner, label='{key} {} <b onclick="x">"')
    Tag.put(owner, "{name} <i>", [row.pk])
    text = owner_client.get(reverse("studies")).text
    assert f'<a href="{row.get_absolute_url()}">{{key}} {{}} &lt;b onclick=&quot;x&quot;&gt;&quot;</a>' in text
    assert '<a class="tag" href="?tag=%7Bname%7D+%3Ci%3E">{name} &lt;i&gt;</a>' in text


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is SQLite's")
def test_a_page_is_read_along_the_index_however_much_a_person_has(owner: User) -> None:
    version = model_version()
    Study.objects.bulk_create(
        Study(
            owner=owner, width=1, height=1, pixel_hash=str(number), intended_use_at=timezone.now(), state="done",
            finding="normal", probability=0.1, predicted_by=version, finished_at=timezone.now(), population="child",
        )
        for number in range(2000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # with these figures it once chose to sort all of them
    plan = rows_for(owner, Study.objects.visible_to(owner)).order_by("-created_at", "-id")[:26].explain()
    assert "study_history " in plan
    assert "TEMP B-TREE" not in plan
