"""Who a session belongs to, with their preferences: every page needs both, and one query brings them."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from diagnosis.prepared import Prepared

WITH_PREFERENCES = Prepared(lambda pk: User.objects.select_related("preferences").filter(pk=pk))


class PersonBackend(ModelBackend):
    """Django's own, except that a person comes with their preferences."""

    def get_user(self, user_id: int) -> User | None:
        """The person, if they may still sign in."""
        found = WITH_PREFERENCES.first(user_id)
        return found if found is not None and self.user_can_authenticate(found) else None
