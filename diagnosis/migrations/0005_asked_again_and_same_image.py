import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F

AT_ONCE = 500


def fill(apps, schema_editor):
    """Earlier studies have waited since they were submitted; the hash of the UIDs leaves the header for its column."""
    studies = apps.get_model("diagnosis", "Study").objects
    studies.update(queued_at=F("created_at"))
    batch = []
    for study in studies.filter(header__has_key="uid_hash").order_by().only("header").iterator(AT_ONCE):
        study.uid_hash = study.header.pop("uid_hash") or ""
        batch.append(study)
        if len(batch) == AT_ONCE:
            studies.bulk_update(batch, ["uid_hash", "header"])
            batch = []
    studies.bulk_update(batch, ["uid_hash", "header"])


class Migration(migrations.Migration):

    dependencies = [
        ("diagnosis", "0004_encrypt_second_factors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="asked_again",
            field=models.PositiveSmallIntegerField(
                default=0, editable=False, verbose_name="analysed again by the owner"
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="queued_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="queued"),
        ),
        migrations.AddField(
            model_name="study",
            name="refused_by",
            field=models.CharField(blank=True, default="", editable=False, max_length=16, verbose_name="gate that refused"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="study",
            name="uid_hash",
            field=models.CharField(
                blank=True, default="", editable=False, max_length=64, verbose_name="salted hash of the UIDs"
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="study",
            index=models.Index(fields=["owner", "uid_hash"], name="study_same_image"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
