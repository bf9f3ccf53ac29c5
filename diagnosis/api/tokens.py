"""The page on which a person makes and revokes the tokens of their programs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from diagnosis.access import person
from diagnosis.models import ApiToken

MOST = 50  # valid tokens of one person
LIFETIMES = [
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("1 year")),
    ("", gettext_lazy("Never")),
]


class TokenForm(forms.Form):
    """What a new token is called, may do, and how long it lasts."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Which program is it for? For example “nightly import”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    may_read = forms.BooleanField(label=gettext_lazy("Read studies and results"), required=False, initial=True)
    may_submit = forms.BooleanField(label=gettext_lazy("Submit, review, relabel and reanalyse"), required=False)
    may_delete = forms.BooleanField(label=gettext_lazy("Delete studies"), required=False)
    days = forms.ChoiceField(label=gettext_lazy("Expires after"), choices=LIFETIMES, required=False, initial="90")

    def clean(self) -> dict[str, Any]:
        """At least one thing must be allowed."""
        data = super().clean() or self.cleaned_data
        if not any(data.get(name) for name in ("may_read", "may_submit", "may_delete")):
            self.add_error("may_read", _("Choose at least one thing that the token may do."))
        return data

    def expires_at(self) -> dt.datetime | None:
        """When a token made now ends."""
        days = self.cleaned_data["days"]
        return timezone.now() + dt.timedelta(days=int(days)) if days else None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens, and a form for another. The new one is shown in the answer to the form, and never again."""
    answer: HttpResponse = _make(request) if request.method == "POST" else _page(request, TokenForm())
    return answer


@reauthentication_required
def _make(request: HttpRequest) -> HttpResponse:
    user, form, text = person(request), TokenForm(request.POST), ""
    if form.is_valid():
        if ApiToken.objects.valid().filter(user=user).count() >= MOST:
            form.add_error(None, _("You have %(most)d valid tokens. Revoke one first.") % {"most": MOST})
        else:
            chosen = {name: form.cleaned_data[name] for name in ("name", "may_read", "may_submit", "may_delete")}
            _token, text = ApiToken.issue(user=user, expires_at=form.expires_at(), **chosen)
            form = TokenForm()
    return _page(request, form, text)


def _page(request: HttpRequest, form: TokenForm, new_token: str = "") -> HttpResponse:
    rows = ApiToken.objects.filter(user=person(request))
    status = 422 if form.errors else 200
    return render(request, "account/tokens.html", {"form": form, "tokens": rows, "new_token": new_token}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token; GET asks first."""
    token = get_object_or_404(ApiToken.objects.filter(user=person(request), revoked_at__isnull=True), pk=pk)
    if request.method != "POST":
        return render(request, "account/token_revoke.html", {"token": token})
    token.revoke()
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("tokens")
