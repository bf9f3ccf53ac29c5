"""A person's preferences: the page, the small form for the prevalence, and the middleware that lives by them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from diagnosis.models import PREVALENCE_MAX, PREVALENCE_MIN, OperatingPointName, Population, Preferences
from diagnosis.results.context import active_card
from diagnosis.results.error_rates import POINT_MEANINGS, consequences
from diagnosis.stale_forms import StaleForm


@cache
def _zones() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name.replace("_", " ")) for name in ("UTC", *names)]


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(name for name, _label in _zones())


class PrevalenceField(forms.DecimalField):
    """A share, entered in percent; empty if the person does not know it."""

    def __init__(self) -> None:
        low, high = 100 * PREVALENCE_MIN, 100 * PREVALENCE_MAX
        super().__init__(
            label=gettext_lazy("Of 100 radiographs you submit, how many show pneumonia?"),
            help_text=gettext_lazy("0.1 to 99.9. Leave it empty if you do not know."),
            min_value=low,
            max_value=high,
            decimal_places=1,
            required=False,
            widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal", "autocomplete": "off"}),
        )

    def prepare_value(self, value: Any) -> Any:
        """Show a stored share as a percentage without a tail of noughts."""
        return f"{100 * value:.1f}".removesuffix(".0") if isinstance(value, float) else value

    def clean(self, value: Any) -> float | None:
        """The share, or ``None``."""
        percent = super().clean(value)
        return None if percent is None else float(percent) / 100


class PrevalenceForm(forms.Form):
    """The prevalence alone, beside a result."""

    prevalence = PrevalenceField()


class PreferencesForm(StaleForm):
    """Everything a person can choose."""

    operating_point = forms.ChoiceField(
        label=gettext_lazy("Operating point"), choices=OperatingPointName.choices, widget=forms.RadioSelect
    )
    prevalence = PrevalenceField()
    reader_first = forms.BooleanField(
        label=gettext_lazy("Hide the model’s answer until I have given mine"), required=False
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        choices=lambda: [("", gettext_lazy("That of my browser")), *_zones()],
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=lambda: [("", gettext_lazy("That of my browser")), *settings.LANGUAGES],
    )

    def save(self, preferences: Preferences) -> None:
        """Write what was changed in the valid form into a person's preferences."""
        for name, value in self.changed().items():
            if name == "reader_first":
                preferences.set_reader_first(value)
            else:
                setattr(preferences, name, value)
        preferences.save()


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and change one's preferences."""
    mine = Preferences.of(request.user)
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            form.save(mine)
            with translation.override(mine.language or translation.get_language()):
                text = _("Your preferences are saved. Radiographs you submit from now on follow them.")
                messages.success(request, text)
            return redirect("preferences")
    else:
        names = ("operating_point", "prevalence", "reader_first", "time_zone", "language")
        form = PreferencesForm(initial={name: getattr(mine, name) for name in names})
    card = active_card()
    context = {
        "form": form,
        "chosen": form["operating_point"].value(),
        "points": [(point.value, point.label, POINT_MEANINGS[point.value]) for point in OperatingPointName],
        "populations": [
            (Population(one.name).label, {point.value: consequences(one, point.value) for point in OperatingPointName})
            for one in (card.populations.values() if card else ())
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "studies/preferences.html", context, status=status)


@require_POST
def prevalence(request: HttpRequest) -> HttpResponse:
    """Change the prevalence from a result page and go back there; on a mistake to the page that can say what it is."""
    form = PrevalenceForm(request.POST)
    if not form.is_valid():
        for error in form.errors["prevalence"]:
            messages.error(request, str(error))
    else:
        mine = Preferences.of(request.user)
        mine.prevalence = form.cleaned_data["prevalence"]
        mine.save()
    back = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    own = allowed and back.startswith("/")
    return HttpResponseRedirect(f"{back}#prevalence" if own else resolve_url("preferences"))


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """The choice in the foot of every page: kept in a cookie, and over a language chosen in the preferences."""
    response = set_language(request)
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and check_for_language(chosen):
        Preferences.objects.filter(pk=request.user.pk).exclude(language="").update(language=chosen)
    return response


def live_by_preferences(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: times in the person's zone and texts in their language, where they have chosen one.

    Who has not gets the server's zone, which the page's script turns into the browser's (``data-local``), and the
    language of the browser. One look at the table by its key for each request of a signed-in person.
    """

    def activate(request: HttpRequest) -> HttpResponse:
        timezone.deactivate()  # the thread may have served somebody else before
        if not request.user.is_authenticated:
            return get_response(request)
        mine = Preferences.of(request.user)
        if mine.time_zone in _zone_names():
            timezone.activate(mine.time_zone)
            request.time_zone = mine.time_zone  # type: ignore[attr-defined]  # for the page's script, see base.html
        if mine.language in dict(settings.LANGUAGES):
            translation.activate(mine.language)
            request.LANGUAGE_CODE = mine.language
        try:
            return get_response(request)
        finally:
            timezone.deactivate()

    return activate
