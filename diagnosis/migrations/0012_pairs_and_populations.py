from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q

TINY = 1e-9


def fill(apps, schema_editor):
    """Earlier predictions keep their finding; their cuts are those of the rule that was in force when they were made.

    Pneumonia was said from the higher of the operating point's threshold and the upper end of the card's indeterminate
    zone, normal below the lower of the threshold and the zone's lower end.
    """
    versions = apps.get_model("diagnosis", "ModelVersion").objects
    predictions = apps.get_model("diagnosis", "Prediction").objects
    zones = {}
    for pk, card in versions.values_list("pk", "card"):
        zone = card.get("indeterminate") if isinstance(card, dict) else None
        zones[pk] = (zone["low"], zone["high"]) if zone else None
    for pk, threshold in predictions.order_by().values_list("model_version", "threshold").distinct():
        low, high = zones[pk] or (threshold, threshold)
        predictions.filter(model_version=pk, threshold=threshold).update(
            rule_out=min(threshold, low), rule_in=max(threshold, high)
        )
    follows = (
        Q(finding="normal", probability__lt=F("rule_out"))
        | Q(finding="pneumonia", probability__gte=F("rule_in"))
        | Q(finding="indeterminate", probability__gte=F("rule_out"), probability__lt=F("rule_in"))
    )
    # Said by a rule that is older still, the threshold alone; and what no rule explains keeps its finding all the same.
    predictions.exclude(follows).update(rule_out=F("threshold"), rule_in=F("threshold"))
    for row in predictions.exclude(follows).only("finding", "probability").iterator(500):
        p = row.probability
        row.rule_out, row.rule_in = {
            "normal": (min(p + TINY, 1 - TINY),) * 2,
            "pneumonia": (p, p),
            "indeterminate": (p, min(p + TINY, 1 - TINY)),
        }[row.finding]
        row.save(update_fields=["rule_out", "rule_in"])

    studies = apps.get_model("diagnosis", "Study").objects
    said = predictions.filter(study=OuterRef("pk"), is_current=True).exclude(warnings=[])
    studies.filter(~Q(notices=[]) | Q(Exists(said)), state="done").update(warned=True)
    _settle(schema_editor)


def back(apps, schema_editor):
    """One threshold again: the rule-in cut."""
    apps.get_model("diagnosis", "Prediction").objects.update(threshold=F("rule_in"))
    _settle(schema_editor)


def _settle(schema_editor):
    """PostgreSQL alters no table whose rows still wait for the check of their deferred foreign keys: check them now."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")



class Migration(migrations.Migration):
    dependencies = [("diagnosis", "0011_reanalyses")]

    operations = [
        migrations.AlterField(
            model_name="modelversion",
            name="sha256",
            field=models.CharField(editable=False, max_length=64, verbose_name="SHA-256"),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(fields=("sha256", "version"), name="one_row_per_artefact"),
        ),
        migrations.AddField(
            "prediction", "rule_out", models.FloatField(verbose_name="rule-out cut", default=0.5), preserve_default=False
        ),
        migrations.AddField(
            "prediction", "rule_in", models.FloatField(verbose_name="rule-in cut", default=0.5), preserve_default=False
        ),
        migrations.AddField(
            "prediction", "score", models.FloatField(verbose_name="score before calibration", null=True)
        ),
        migrations.AddField(
            "study",
            "stated_population",
            models.CharField(
                blank=True,
                choices=[("child", "Child, 1 to 5 years"), ("adult", "Adult")],
                default="",
                editable=False,
                max_length=10,
                verbose_name="population as stated",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "study",
            "population",
            models.CharField(
                blank=True,
                choices=[
                    ("child", "Child, 1 to 5 years"),
                    ("adult", "Adult"),
                    ("outside", "Neither: an infant, or 6 to 17 years"),
                    ("unknown", "Not known"),
                ],
                default="",
                editable=False,
                max_length=10,
                verbose_name="population",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "study",
            "population_known_by",
            models.CharField(
                blank=True,
                choices=[
                    ("header", "age in the DICOM header"),
                    ("stated", "stated on submission"),
                    ("image", "estimated by the image check"),
                ],
                default="",
                editable=False,
                max_length=10,
                verbose_name="population known by",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "study",
            "quarter_turns",
            models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="quarter turns"),
        ),
        migrations.AddField(
            "study",
            "inverted",
            models.BooleanField(default=False, editable=False, verbose_name="black and white exchanged"),
        ),
        migrations.AddField(
            "study", "warned", models.BooleanField(default=False, editable=False, verbose_name="with warnings")
        ),
        migrations.RemoveConstraint("prediction", "prediction_threshold_inside"),
        migrations.AlterField("prediction", "threshold", models.FloatField(default=0.5, verbose_name="threshold")),
        migrations.RunPython(fill, back, elidable=True),
        migrations.RemoveField("prediction", "threshold"),
        migrations.AddConstraint(
            "prediction",
            models.CheckConstraint(
                condition=Q(rule_out__gt=0, rule_out__lte=F("rule_in"), rule_in__lt=1), name="prediction_cuts_in_order"
            ),
        ),
        migrations.AddConstraint(
            "prediction",
            models.CheckConstraint(
                condition=Q(finding="normal", probability__lt=F("rule_out"))
                | Q(finding="pneumonia", probability__gte=F("rule_in"))
                | Q(finding="indeterminate", probability__gte=F("rule_out"), probability__lt=F("rule_in")),
                name="prediction_finding_follows_cuts",
            ),
        ),
        migrations.AddConstraint(
            "study",
            models.CheckConstraint(
                condition=Q(stated_population__in=("", "child", "adult"))
                & Q(population__in=("", "child", "adult", "outside", "unknown"))
                & Q(population_known_by__in=("", "header", "stated", "image")),
                name="study_population_known",
            ),
        ),
        migrations.AddConstraint(
            "study",
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(population__in=("outside", "unknown")),
                name="study_answer_for_a_population",
            ),
        ),
        migrations.AddConstraint(
            "study", models.CheckConstraint(condition=Q(quarter_turns__lte=3), name="study_turned_by_quarters")
        ),
        migrations.AddConstraint(
            "study",
            models.CheckConstraint(condition=Q(warned=False) | Q(state="done"), name="study_warned_only_if_done"),
        ),
        migrations.AddIndex(
            "study",
            models.Index(
                condition=Q(warned=True), fields=["owner", "-created_at", "-id"], name="study_history_with_warnings"
            ),
        ),
    ]
