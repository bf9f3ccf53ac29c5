"""What Django must know of the app."""

import gc

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """PneumoWeb's one app; its system checks are registered here."""

    name = "diagnosis"
    verbose_name = "Diagnosis"

    def ready(self) -> None:
        from diagnosis import checks  # noqa: F401  (registers itself)
        from diagnosis.accounts import security_log, sessions  # noqa: F401  (they listen)

        gc.enable()  # pneumoweb/__init__.py stopped it; what is there by now stays, and is not looked at again
        gc.freeze()
