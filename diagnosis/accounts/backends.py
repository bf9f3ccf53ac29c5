"""Who a session belongs to, with their preferences: every page needs both, and one query brings them."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User


class PersonBackend(ModelBackend):
    """Django's own, except that a person comes with their preferences."""

    def get_user(self, user_id: int) -> User | None:
        """The person, if they may still sign in."""
        try:
            found = User.objects.select_related("preferences").get(pk=user_id)
        except User.DoesNotExist:
            return None
        return found if self.user_can_authenticate(found) else None
