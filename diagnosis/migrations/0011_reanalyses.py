"""Gives the count of reanalyses its name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column renamed."""

    dependencies = (("diagnosis", "0010_quota"),)
    operations = (
        migrations.RenameField(model_name="study", old_name="asked_again", new_name="reanalyses"),
        migrations.AlterField(
            model_name="study",
            name="reanalyses",
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="reanalyses by the owner"),
        ),
    )
