"""The pages on which a person has programs told of finished studies, and sees what became of each message."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnosis.access import person
from diagnosis.models import Webhook

MOST = 10  # webhooks of one person
LISTED = 50  # messages of one, the newest
TROUBLES = {
    "ADDRESS_NOT_ALLOWED": gettext_lazy("the address lies inside a network that this site does not send to"),
    "SCHEME_NOT_ALLOWED": gettext_lazy("this site sends to https addresses only"),
    "NO_TLS": gettext_lazy("the connection could not be encrypted, or the certificate is not valid"),
    "TIMEOUT": gettext_lazy("no answer in time"),
    "UNREACHABLE": gettext_lazy("no connection"),
    "REDIRECT": gettext_lazy("the receiver sent us elsewhere; redirects are not followed"),
    "REFUSED": gettext_lazy("the receiver did not take it"),
    "SECRET_LOST": gettext_lazy("the secret cannot be read any more; make a new webhook"),
}


class WebhookForm(forms.Form):
    """Where to send."""

    url = forms.CharField(
        label=gettext_lazy("Address of the receiver"),
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )

    def clean_url(self) -> str:
        """An ``https`` address (or ``http``, where the site sends anywhere) without a name and password in it."""
        url = str(self.cleaned_data["url"])
        try:
            parts = urlsplit(url)
            if settings.WEBHOOKS != "anywhere":
                URLValidator(schemes=["https"])(url)
            elif parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
                raise ValueError
        except (ValidationError, ValueError):
            raise ValidationError(_("Enter an address that begins with https://.")) from None
        if parts.username or parts.password:
            raise ValidationError(_("Leave name and password out of the address: messages are signed instead."))
        return url


def _only_if_sent() -> None:
    if settings.WEBHOOKS == "off":
        raise Http404


def _mine(request: HttpRequest, pk: int) -> Webhook:
    _only_if_sent()
    return get_object_or_404(Webhook.objects.filter(user=person(request)), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def webhooks(request: HttpRequest) -> HttpResponse:
    """One's webhooks, and a form for another. Its secret is shown in the answer to the form, and never again."""
    _only_if_sent()
    answer: HttpResponse = _make(request) if request.method == "POST" else _page(request, WebhookForm())
    return answer


@reauthentication_required
def _make(request: HttpRequest) -> HttpResponse:
    user, form, secret = person(request), WebhookForm(request.POST), ""
    if form.is_valid():
        if Webhook.objects.filter(user=user).count() >= MOST:
            form.add_error(None, _("You have %(most)d webhooks. Delete one first.") % {"most": MOST})
        else:
            _webhook, secret = Webhook.make(user=user, url=form.cleaned_data["url"])
            form = WebhookForm()
    return _page(request, form, secret)


def _page(request: HttpRequest, form: WebhookForm, secret: str = "") -> HttpResponse:
    context = {"form": form, "webhooks": Webhook.objects.filter(user=person(request)), "secret": secret}
    return render(request, "account/webhooks.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """One webhook and its newest messages."""
    found = _mine(request, pk)
    rows = list(found.deliveries.order_by("-created_at", "-id").select_related("study")[:LISTED])
    for row in rows:
        row.why = TROUBLES.get(row.trouble, "")  # type: ignore[attr-defined]  # for the template
    return render(request, "account/webhook.html", {"webhook": found, "deliveries": rows, "most": LISTED})


@require_POST
def webhook_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it off, or on again: as the button says, whatever another tab has done since."""
    found = _mine(request, pk)
    if request.POST.get("to") != "on":
        found.disable(Webhook.Off.OWNER)
        messages.success(request, _("The webhook is switched off. Nothing is sent there."))
    else:
        found.enable()
        messages.success(request, _("The webhook is switched on. What is still owed is sent now."))
    return redirect("webhook", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def webhook_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete it with its messages; GET asks first."""
    found = _mine(request, pk)
    if request.method != "POST":
        return render(request, "account/webhook_delete.html", {"webhook": found, "sent": found.deliveries.count()})
    found.delete()
    messages.success(request, _("The webhook is deleted."))
    return redirect("webhooks")


@require_POST
def delivery_resend(request: HttpRequest, pk: int, delivery: UUID) -> HttpResponse:
    """Send one message once more."""
    found = get_object_or_404(_mine(request, pk).deliveries, pk=delivery)
    found.resend()
    messages.success(request, _("The message is sent once more."))
    return redirect("webhook", pk=pk)
