import re
import unicodedata

from django.db import migrations, models

AT_ONCE = 500
MARKS = re.compile(
    "(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"})


def key(text):
    """As diagnosis.models.collation had it when this was written."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    shown = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    bare = unicodedata.normalize("NFC", MARKS.sub("", shown).translate(UNDECOMPOSED))
    return (" ".join(bare.split()) or text.casefold())[:240]


def compare_by_bytes(apps, schema_editor):
    """SQLite compares so by itself; PostgreSQL would by the rules of the machine's language."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE diagnosis_study ALTER COLUMN label_key TYPE varchar(240) COLLATE "C"')


def fill(apps, schema_editor):
    studies = apps.get_model("diagnosis", "Study").objects
    batch = []
    for study in studies.exclude(label="").order_by().only("label").iterator(AT_ONCE):
        study.label_key = key(study.label)
        batch.append(study)
        if len(batch) == AT_ONCE:
            studies.bulk_update(batch, ["label_key"])
            batch = []
    studies.bulk_update(batch, ["label_key"])


class Migration(migrations.Migration):

    dependencies = [("diagnosis", "0006_api_tokens")]

    operations = [
        migrations.RemoveIndex(model_name="study", name="study_by_label"),
        migrations.AddField(
            model_name="study",
            name="label_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=240),
            preserve_default=False,
        ),
        migrations.RunPython(compare_by_bytes, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="study",
            index=models.Index(fields=["owner", "label_key", "id"], name="study_by_label_key"),
        ),
    ]
