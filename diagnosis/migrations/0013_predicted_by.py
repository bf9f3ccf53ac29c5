"""Gives what says which version predicted its name: ``predicted_by``."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """One column renamed, with the index and the constraint that name it; two columns called by what they hold."""

    dependencies = (("diagnosis", "0012_pairs_and_populations"),)
    operations = (
        migrations.RemoveConstraint(model_name="study", name="study_answer_iff_done"),
        migrations.RemoveIndex(model_name="study", name="study_history_by_model"),
        migrations.RenameField(model_name="study", old_name="judged_by", new_name="predicted_by"),
        migrations.AlterField(
            model_name="study",
            name="predicted_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predicted_studies",
                to="diagnosis.modelversion",
                verbose_name="model version",
            ),
        ),
        migrations.AddIndex(
            model_name="study",
            index=models.Index(
                fields=["owner", "predicted_by", "-created_at", "-id"], name="study_history_by_model"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=Q(
                    state="done",
                    finding__in=["pneumonia", "normal", "indeterminate"],
                    probability__gt=0,
                    probability__lt=1,
                    predicted_by__isnull=False,
                )
                | (~Q(state="done") & Q(finding="", probability__isnull=True, predicted_by__isnull=True)),
                name="study_answer_iff_done",
            ),
        ),
        migrations.AlterField(
            model_name="prediction",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="predicted at"),
        ),
        migrations.AlterField(
            model_name="review",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="written at"),
        ),
        migrations.AlterField(
            model_name="reference",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="written at"),
        ),
    )
