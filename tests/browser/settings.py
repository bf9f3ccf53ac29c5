"""The site's own settings, but for passwords: nearly every browser test makes an account, a third of a second each."""

from pneumoweb.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
