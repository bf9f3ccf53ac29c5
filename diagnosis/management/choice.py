"""Whose studies a command is about, and which of them: the history's own filters, from the shell."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.http import HttpRequest, QueryDict

from diagnosis.history.filters import StudyFilter
from diagnosis.history.keyset import Order
from diagnosis.models import Study, StudyQuerySet


def owner_called(name: str) -> User:
    """The account of this name.

    Raises:
        CommandError: there is none.
    """
    owner = User.objects.filter(username=name).first()
    if owner is None:
        raise CommandError(f"There is no account “{name}”.")
    return owner


def chosen(owner: User, where: str) -> tuple[StudyQuerySet, Order]:
    """The studies of one person that a query like the history's address chooses, as that person sees them.

    Args:
        owner: Whose studies.
        where: For example ``finding=pneumonia&since=2026-11-01``; empty: all.

    Raises:
        CommandError: it names what is no filter, or a value that means nothing.
    """
    request = HttpRequest()
    request.user = owner
    query = QueryDict(where)
    found = StudyFilter(query, Study.objects.visible_to(owner), request=request)
    unknown = set(query) - set(found.filters)
    if found.errors or unknown:
        raise CommandError(f"--where cannot be used: {found.errors.as_text() or ', '.join(sorted(unknown))}")
    return found.rows()
