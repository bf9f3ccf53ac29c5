"""Keeps what studies and predictions tell a person as templates with their parameters beside them.

What was stored before is finished English. The one sentence with a figure in it, the age in a header, becomes its
template; all others stay word for word as they were given, and are marked here so that they keep their translation.
"""

import re
from collections.abc import Callable
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.translation import gettext_noop

AT_ONCE = 500
TEMPLATES = (
    gettext_noop("The header gives an age of %(years)d years; the model was trained on children aged 1 to 5 years."),
    gettext_noop("The header gives an age of %(months)d months; the model was trained on children aged 1 to 5 years."),
)
PATTERNS = {re.compile(re.sub(r"%\((\w+)\)d", r"(?P<\1>\\d+)", text)): text for text in TEMPLATES}
GIVEN_BEFORE = (
    gettext_noop("This does not look like a radiograph."),
    gettext_noop(
        "Submit the original film of a chest, not a photograph, a drawing, a screenshot or a slice of a CT or MR."
    ),
    gettext_noop("Submit a frontal film of the chest."),
    gettext_noop("This looks like a lateral or oblique view."),
    gettext_noop("The model knows frontal films (PA or AP) alone; submit that one."),
    gettext_noop("Only a part of a chest film is to be seen."),
    gettext_noop("Submit the whole film with both lungs on it."),
    gettext_noop("Submit each film as a file of its own."),
    gettext_noop("This could not be recognised as a frontal chest film."),
    gettext_noop("The film seems to be turned, but not clearly enough to put it right."),
    gettext_noop("The film seems to be inverted (bones dark), but not clearly enough to put it right."),
    gettext_noop("Export the film again with an ordinary window."),
    gettext_noop("The picture has too few pixels to judge."),
    gettext_noop("Submit the film in its original size."),
    gettext_noop("This looks like the film of an older child or an adult, or like one from another kind of machine."),
    gettext_noop(
        "The model was trained on films of children aged 1 to 5 from one hospital; do not rely on its answer here."
    ),
    gettext_noop("This film differs from the films the model was trained on."),
    gettext_noop(
        "Its probability and its heat map may be worth less than the stated figures; judge the film yourself."
    ),
    gettext_noop("The film was inverted (bones dark); the model was shown it with black and white exchanged."),
    gettext_noop("The film lay on its side or stood on its head; the model was shown it upright."),
    gettext_noop("Check that this is right; the film is shown as it was submitted."),
    gettext_noop("There seems to be writing in the margin of this film."),
    gettext_noop("The file says that this film is stored turned or mirrored; it is shown as stored."),
    gettext_noop("Check that the head is at the top and the patient's right side at the left."),
    gettext_noop("Check that the film is neither too dark nor too bright."),
    gettext_noop("Nothing is lost: the film is analysed by itself as soon as the model is back. Staff can see why."),
    gettext_noop("The stored film could not be read."),
    gettext_noop("The film could not be analysed because of an error of ours."),
    gettext_noop("The film could not be analysed: the analysis stopped before its end, several times."),
    gettext_noop("Please tell the people who run this site; they can start the analysis again."),
    gettext_noop("Have it analysed again; if that fails too, tell the people who run this site."),
)


def _with_parameters(notice: dict[str, Any]) -> dict[str, Any]:
    for pattern, template in PATTERNS.items():
        if found := pattern.fullmatch(notice["message"]):
            figures = {name: int(value) for name, value in found.groupdict().items()}
            return {**notice, "message": template, "parameters": figures}
    return {**notice, "parameters": {}}


def _finished(notice: dict[str, Any]) -> dict[str, Any]:
    figures = notice.get("parameters")
    kept = {name: value for name, value in notice.items() if name != "parameters"}
    return {**kept, "message": notice["message"] % figures} if figures else kept


def _rewrite(rows: Any, column: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    batch: list[Any] = []
    for row in rows.exclude(**{column: []}).order_by().only(column).iterator(AT_ONCE):
        setattr(row, column, [change(notice) for notice in getattr(row, column)])
        batch.append(row)
        if len(batch) == AT_ONCE:
            rows.bulk_update(batch, [column])
            batch = []
    rows.bulk_update(batch, [column])


def part(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """From finished sentences to templates and parameters."""
    _rewrite(apps.get_model("diagnosis", "Study").objects, "notices", _with_parameters)
    _rewrite(apps.get_model("diagnosis", "Prediction").objects, "warnings", _with_parameters)


def join(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """And back."""
    _rewrite(apps.get_model("diagnosis", "Study").objects, "notices", _finished)
    _rewrite(apps.get_model("diagnosis", "Prediction").objects, "warnings", _finished)


class Migration(migrations.Migration):
    """One column more; notices and warnings rewritten."""

    dependencies = (("diagnosis", "0008_imports"),)
    operations = (
        migrations.AddField(
            model_name="study",
            name="reason_parameters",
            field=models.JSONField(default=dict, editable=False, verbose_name="figures in the explanation"),
        ),
        migrations.RunPython(part, join, elidable=True),
    )
