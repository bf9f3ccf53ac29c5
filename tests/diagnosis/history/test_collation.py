"""Labels are found and sorted as people expect, in every script, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import importlib
import random

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from diagnosis.models import Study
from diagnosis.models.collation import LENGTH, collation_key
from tests.diagnosis.history.rows import study

pytestmark = pytest.mark.django_db

FOUND = {
    "ärger": "Ärger mit dem Gerät",
    "ARGER": "ärger",
    "strasse": "Große Straße",
    "STRAßE": "strasse 7",
    "μαρία": "ΜΑΡΙΑ",
    "σοφος": "ΣΟΦΌΣ",
    "москва": "МОСКВА",
    "еж": "Ёж",
    "ecole": "École",
    "a\u0308rger": "ÄRGER",  # typed as letter and mark
    "ＡＢＣ": "abc",
    "lodz": "Łódź",
    "istanbul": "İSTANBUL",
    "שלום": "שָׁלוֹם",
    "محمد": "مُحَمَّد",
    "肺炎": "左肺炎",
    "निमोनिया": "बच्चे का निमोनिया",
    "two  words": "Two words",
    "100%": "at 100% zoom",
    "a_b": "x A_B",
}
APART = {"か": "が", "и": "й", "100%": "100 of 100", "a_b": "axb", "कि": "कु", "z": "ä"}


@pytest.mark.parametrize(("query", "label"), list(FOUND.items()))
def test_a_label_is_found_whatever_its_case_and_accents(
    owner: User, owner_client: Client, query: str, label: str
) -> None:
    study(owner, label=label)
    study(owner, label="something else")
    rows = owner_client.get(reverse("studies"), {"q": query}).context["page"].rows
    assert [row.label for row in rows] == [label]


@pytest.mark.parametrize(("query", "label"), list(APART.items()))
def test_letters_of_their_own_are_not_taken_for_each_other(query: str, label: str) -> None:
    assert collation_key(query) not in collation_key(label)


def test_a_to_z_is_one_order_on_every_database(owner: User, owner_client: Client) -> None:
    names = "1|Äpfel|äquator|Arzt|azur|film-1|Film1|film_1|Straßa|Strasse|Zebra|Ωmega|ёлка|Жук|йод|肺"
    expected = names.split("|")
    shuffled = random.Random(7).sample(expected, len(expected))
    for label in [*shuffled, ""]:
        study(owner, label=label)
    rows = owner_client.get(reverse("studies"), {"sort": "label"}).context["page"].rows
    assert [row.label for row in rows] == expected


def test_the_key_follows_the_label_through_every_way_of_writing(owner: User, owner_client: Client) -> None:
    row = study(owner, label="Ä")
    others = {"id", "submission", "label_key"}
    Study.objects.bulk_create(
        [Study(**{f.name: getattr(row, f.name) for f in Study._meta.fields if f.name not in others})]
    )
    assert set(Study.objects.values_list("label_key", flat=True)) == {"a"}
    owner_client.post(reverse("study_label", args=[row.pk]), {"label": "Öl"})
    row.refresh_from_db()
    assert row.label_key == "ol"
    row.label = "Übung"
    row.save()
    assert Study.objects.get(pk=row.pk).label_key == "ubung"


def test_the_longest_label_has_a_key_that_fits() -> None:
    for text in ("\ufdfa" * 120, "ß" * 120, "\u0308" * 120, "🩻" * 120):
        assert 0 < len(collation_key(text)) <= LENGTH


def test_what_was_there_before_gets_its_key_from_the_migration(owner: User) -> None:
    migration = importlib.import_module("diagnosis.migrations.0007_label_key")
    for label in [*FOUND, *FOUND.values(), "", "\u0308"]:
        study(owner, label=label)
        assert not label or migration.key(label) == collation_key(label)
    wanted = dict(Study.objects.values_list("pk", "label_key"))
    super(type(Study.objects.all()), Study.objects.all()).update(label_key="")
    migration.fill(apps, connection.schema_editor())
    assert dict(Study.objects.values_list("pk", "label_key")) == wanted


def test_staff_find_it_too(owner: User, admin_client: Client) -> None:
    study(owner, label="Ärger")
    assert "Ärger" in admin_client.get(reverse("admin:diagnosis_study_changelist"), {"q": "ÄRGER"}).text
    assert "Ärger" not in admin_client.get(reverse("admin:diagnosis_study_changelist"), {"q": "ärgerx"}).text
