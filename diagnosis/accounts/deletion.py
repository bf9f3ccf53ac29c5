"""Leaving: an account goes with its studies, predictions, reviews and films, whoever deletes it."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from diagnosis import storage
from diagnosis.access import person
from diagnosis.history.counts import forget
from diagnosis.models import Prediction, Reference, Review, Study

logger = logging.getLogger(__name__)

BATCH = 200  # studies in one transaction: with 100,000 of them others still get their turn to write


class LastAdministratorError(Exception):
    """Without this account nobody could administer the site any more."""


def delete_account(user: User) -> int:
    """Delete a person with everything they have stored.

    The account goes last: if something fails half-way (a disk, a power cut), the person still exists, can sign in and
    delete the rest.

    Returns:
        How many studies were deleted.

    Raises:
        LastAdministratorError: they are the only active administrator; nothing was deleted.
    """
    if is_last_administrator(user):
        raise LastAdministratorError
    deleted = 0
    while ids := list(Study.objects.filter(owner=user).values_list("pk", flat=True)[:BATCH]):
        deleted += storage.delete_studies(Study.objects.filter(pk__in=ids))
    with transaction.atomic():
        # A film sent by another browser in this very moment goes too, or finds no owner any more.
        User.objects.select_for_update().filter(pk=user.pk).first()
        deleted += storage.delete_studies(Study.objects.filter(owner=user))
        user_id = user.pk
        user.delete()
    forget(user_id)
    logger.info("Account %d was deleted with %d studies.", user_id, deleted)
    return deleted


def is_last_administrator(user: User) -> bool:
    """Whether nobody else could administer the site."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return user.is_superuser and not others.exists()


class FarewellForm(forms.Form):
    """Typing one's own name is what nobody does by accident."""

    username = forms.CharField(
        label=gettext_lazy("Type your user name to confirm"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User) -> None:
        super().__init__(*args)
        self.user = user

    def clean_username(self) -> str:
        """The person's own name, to the letter.

        Raises:
            ValidationError: it is another.
        """
        given: str = self.cleaned_data["username"]
        if given != self.user.get_username():
            raise ValidationError(_("This is not your user name. Nothing was deleted."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth is not typed; password or second factor again
def account_delete(request: HttpRequest) -> HttpResponse:
    """Say what will be removed, then remove it."""
    user = person(request)
    form = FarewellForm(request.POST or None, user=user)
    if is_last_administrator(user):
        return render(request, "account/delete.html", {"last_administrator": True})
    if request.method == "POST" and form.is_valid():
        user = User.objects.get(pk=user.pk)
        delete_account(user)
        logout(request)
        messages.success(request, _("Your account and everything you had stored here are deleted. Goodbye."))
        return redirect("landing")
    studies = Study.objects.filter(owner=user)
    context = {
        "form": form,
        "studies": studies.count(),
        "predictions": Prediction.objects.filter(study__owner=user).count(),
        "reviews": Review.objects.filter(author=user).count(),
        "references": Reference.objects.filter(author=user).count(),
    }
    return render(request, "account/delete.html", context)
