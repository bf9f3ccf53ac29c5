"""Sessions in the database, as Django keeps them; looked up by a query that is written once."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from diagnosis.prepared import Prepared

IN_FORCE: Prepared[Any] = Prepared(
    lambda key, now: (
        SessionStore.get_model_class()
        .objects.filter(session_key=key, expire_date__gt=now)
        .values_list("session_data", named=True)  # all that is read of it
    )
)


class SessionStore(db.SessionStore):
    """Django's own, but for how a session is found."""

    def _get_session_from_db(self) -> Any:
        found = IN_FORCE.first(str(self.session_key), timezone.now())
        if found is None:
            self._session_key = None
        return found
