"""Encrypts the secrets of second factors that were stored in the clear."""

from collections.abc import Callable

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from diagnosis.accounts.two_factor import TOKEN_BEGINS, MFAAdapter


def _rewrite(apps: Apps, change: Callable[[str], str], *, encrypted: bool) -> None:
    for row in apps.get_model("mfa", "Authenticator").objects.all():
        found = {
            name: row.data[name]
            for name in ("secret", "seed")
            if name in row.data and row.data[name].startswith(TOKEN_BEGINS) == encrypted
        }
        row.data.update({name: change(text) for name, text in found.items()})
        row.save(update_fields=["data"])


def encrypt(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """From the clear to tokens."""
    _rewrite(apps, MFAAdapter().encrypt, encrypted=False)


def decrypt(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """And back."""
    _rewrite(apps, MFAAdapter().decrypt, encrypted=True)


class Migration(migrations.Migration):
    """Data only."""

    dependencies = (
        ("diagnosis", "0003_preferences_and_reviews"),
        ("mfa", "0003_authenticator_type_uniq"),
    )
    operations = (migrations.RunPython(encrypt, decrypt, elidable=True),)
