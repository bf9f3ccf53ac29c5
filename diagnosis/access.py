"""Who may see which study: one question, asked here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from diagnosis.models import Preferences, Study, StudyQuerySet
from diagnosis.prepared import Prepared


def person(request: HttpRequest) -> User:
    """Who is looking, in a view that is closed to strangers (SignInMiddleware has seen to that)."""
    return cast(User, request.user)


def stand_in(pk: int, reads_first: bool) -> User:
    """Somebody of this key, for a query that is written once: its SQL depends on nothing else of a person."""
    user = User(pk=pk)
    if not reads_first:
        user._state.fields_cache["preferences"] = None  # as of somebody who has never chosen anything
    return user


@cache
def _visible(more: Callable[[StudyQuerySet], StudyQuerySet]) -> Prepared[Study]:
    return Prepared(lambda owner, pk: more(Study.objects.visible_to(User(pk=owner)).filter(pk=pk)))


def study_or_404(
    request: HttpRequest,
    pk: UUID,
    *,
    with_hidden: bool = True,
    more: Callable[[StudyQuerySet], StudyQuerySet] = lambda rows: rows,
) -> Study:
    """The study if this person may see it, else 404: a stranger does not learn that it exists.

    Args:
        request: Of somebody who is signed in.
        pk: The study's id.
        with_hidden: Also find out whether its answer is hidden until they have read it (``answer_hidden``); pictures
            do not ask.
        more: Has something more read in the same query.

    Raises:
        Http404: There is none, or it is not theirs.
    """
    if with_hidden and Preferences.of(request.user).reader_first:
        return get_object_or_404(more(Study.objects.visible_to(request.user)).with_hidden(request.user), pk=pk)
    study = _visible(more).first(person(request).pk, pk)
    if study is None:
        raise Http404
    if with_hidden:
        study.answer_hidden = False  # as with_hidden() would find: nothing is hidden from who does not read first
    return study
