"""Encrypts the secrets of second factors that were stored in the clear."""

import base64
from collections.abc import Callable

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TOKEN_BEGINS = "gAAAA"


def _cipher() -> MultiFernet:
    """As the site encrypted when this was written: a key of Fernet, derived from each of the site's secrets."""

    def derived(key: str) -> Fernet:
        made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"pneumoweb second factors").derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(made))

    return MultiFernet([derived(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


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
    cipher = _cipher()
    _rewrite(apps, lambda text: cipher.encrypt(text.encode()).decode(), encrypted=False)


def decrypt(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """And back."""
    cipher = _cipher()
    _rewrite(apps, lambda text: cipher.decrypt(text).decode(), encrypted=True)


class Migration(migrations.Migration):
    """Data only."""

    dependencies = (
        ("diagnosis", "0003_preferences_and_reviews"),
        ("mfa", "0003_authenticator_type_uniq"),
    )
    operations = (migrations.RunPython(encrypt, decrypt, elidable=True),)
