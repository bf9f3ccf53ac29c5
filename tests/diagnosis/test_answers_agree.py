"""Every surface says the same finding, cuts and rates: points × probabilities × populations, page, paper and wire."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from diagnosis.models import Finding, Study
from diagnosis.results.error_rates import consequences
from diagnosis.results.formatting import percent
from diagnosis.results.stated_probability import stated
from ml import OPERATING_POINTS, Cuts, decide
from tests.studies import analysed, predicted, shipped_card

pytestmark = pytest.mark.django_db
PROBABILITIES = (0.02, 0.1, 0.2, 0.35, 0.5, 0.6, 0.76, 0.9, 0.99)
POPULATIONS = tuple(shipped_card().populations)


def plain(text: str) -> str:
    """As read: one kind of space, no joiners."""
    return " ".join(unescape(text).replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "").split())


def made(owner: User, population: str, point: str, probabilities: Sequence[float]) -> dict[float, Study]:
    """A study of each probability."""
    found = {}
    for seed, probability in enumerate(probabilities):
        prediction = predicted(probability, operating_point=point, population=population)
        found[probability] = analysed(owner, seed, **prediction)
    Study.objects.update(population=population, population_known_by="stated")
    return found


def row_of(study: Study, page: str) -> str:
    """The one row of a page's table that is about a study."""
    (row,) = (row for row in page.split("<tr")[1:] if f"/{study.pk}/" in row)
    return plain(row.partition("</tr>")[0])


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("point", OPERATING_POINTS)
def test_page_compare_csv_json_api_and_admin_say_what_the_rule_says(
    owner: User, owner_client: Client, admin_client: Client, population: str, point: str
) -> None:
    of = shipped_card().populations[population]
    cuts, meant = of.operating_points[point].cuts, consequences(of, point)
    studies = made(owner, population, point, PROBABILITIES)
    history = owner_client.get(reverse("studies")).text
    admin = admin_client.get(reverse("admin:diagnosis_study_changelist")).text
    wire = {kind: owner_client.get(reverse(f"studies_export_{kind}")).getvalue() for kind in ("csv", "json")}
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(wire["csv"].decode("utf-8-sig")))}
    records = {record["id"]: record for record in json.loads(wire["json"])["studies"]}
    assert rows.keys() == records.keys() == {str(study.pk) for study in studies.values()}

    for probability, study in studies.items():
        finding = decide(probability, cuts)
        words, shown = str(Finding(finding).label), plain(str(stated(of, probability)))

        page = plain(owner_client.get(study.get_absolute_url()).text)
        panel = page[page.index('class="finding-card') :].partition("</section>")[0]
        assert f"finding-{finding}" in panel
        assert f'<strong class="num">{shown}</strong>' in panel
        assert f"no signs of pneumonia below {plain(percent(cuts.rule_out))}" in panel
        for line in meant.rows:
            for cell in line.cells:
                assert f"<strong>{cell.of_100}</strong>" in page

        compare = plain(owner_client.get(reverse("studies_compare"), {"a": study.pk, "b": study.pk}).text)
        assert f"finding-card finding-{finding}" in compare
        assert f"normal below {plain(percent(cuts.rule_out))}, pneumonia from {plain(percent(cuts.rule_in))}" in compare
        missed, alarms = meant.missed.of_100, meant.false_alarms.of_100
        assert f"of 100 with pneumonia: missed {missed}; of 100 without: false alarms {alarms}" in compare

        for table in (history, admin):
            assert words in row_of(study, table)
            assert shown in row_of(study, table)

        row, same = rows[str(study.pk)], records[str(study.pk)]
        assert row["finding"] == finding
        assert decide(float(row["probability"]), Cuts(float(row["rule_out"]), float(row["rule_in"]))) == finding
        assert (row["operating_point"], row["population"]) == (point, population)
        assert (same["finding"], same["rule_out"], same["rule_in"]) == (finding, cuts.rule_out, cuts.rule_in)


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("point", OPERATING_POINTS)
def test_the_report_says_the_same(owner: User, owner_client: Client, population: str, point: str) -> None:
    of = shipped_card().populations[population]
    cuts = of.operating_points[point].cuts
    for probability, study in made(owner, of.name, point, (0.2, 0.5, 0.76)).items():
        document = PdfReader(io.BytesIO(owner_client.get(reverse("study_report", args=[study.pk])).content))
        text = plain(" ".join(page.extract_text() for page in document.pages))
        assert str(Finding(decide(probability, cuts)).label) in text
        assert plain(str(stated(of, probability))) in text
        assert f"normal below {plain(percent(cuts.rule_out))}, pneumonia from {plain(percent(cuts.rule_in))}" in text
        for line in consequences(of, point).rows:
            assert f"{line.films} radiographs of {line.patients} patients" in text


def test_a_warning_is_marked_wherever_its_finding_stands(
    owner: User, owner_client: Client, admin_client: Client
) -> None:
    notice = {"code": "LOOKS_ADULT", "message": "It looks adult.", "advice": "Ask.", "parameters": {}}
    study = analysed(owner, warnings=[notice])
    assert study.warned
    page = owner_client.get(study.get_absolute_url()).text
    assert page.index("It looks adult.") < page.index('class="finding-card')
    assert "LOOKS_ADULT" not in page, "no code is shown to people"
    for address in (reverse("studies"), f"{reverse('studies_compare')}?a={study.pk}&b={study.pk}"):
        assert re.search(r'class="warned"', owner_client.get(address).text), address
    assert str(study.pk)[:8] in admin_client.get(f"{reverse('admin:diagnosis_study_changelist')}?warned__exact=1").text
    (row,) = csv.DictReader(io.StringIO(owner_client.get(reverse("studies_export_csv")).getvalue().decode("utf-8-sig")))
    assert "LOOKS_ADULT" in row["warnings"]


def test_the_history_can_be_narrowed_to_findings_with_warnings(owner: User, owner_client: Client) -> None:
    notice = {"code": "LOOKS_ADULT", "message": "It looks adult.", "advice": "", "parameters": {}}
    warned, clear = analysed(owner, warnings=[notice]), analysed(owner, 1)
    Study.objects.filter(pk=clear.pk).update(warned=False, notices=[])
    text = owner_client.get(reverse("studies"), {"warned": "yes"}).text
    assert warned.pk.hex in text
    assert clear.pk.hex not in text
