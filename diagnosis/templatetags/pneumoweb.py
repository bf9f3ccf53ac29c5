"""The site's template tags. Filters that say figures are defined in ``results/formatting.py`` and registered here."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from django import template
from django.forms import BaseForm, BoundField
from django.template.base import Parser, Token, token_kwargs
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_htmx.jinja import htmx_script

from diagnosis.accounts.browsers import browser_name
from diagnosis.models import Preferences, Study
from diagnosis.results import error_rates, formatting, translation
from diagnosis.results.card_sentences import translate_card
from diagnosis.results.context import stated_probability
from diagnosis.results.exam_labels import in_words
from diagnosis.templating.loader import constant
from diagnosis.templating.nodes import Remembered, fragment, parsed

PLACED = re.compile(r"\w+=")

register = template.Library()
register.filter(translation.translate)
register.filter(translation.translate_error)
register.filter(translate_card)
register.filter(browser_name)
register.filter(error_rates.by_finding)
register.filter("change", in_words)
for words in (
    formatting.percent,
    formatting.position,
    formatting.figure,
    formatting.share,
    formatting.ends,
    formatting.measured,
    formatting.rate,
):
    register.filter(words)


@register.simple_tag
@constant
@lru_cache(maxsize=256)  # a page of the history draws a hundred, and each would look up the file's address again
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of static/img/icons.svg, hidden from screen readers: the words beside it say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
@constant
def htmx() -> SafeString:
    """The script element of htmx."""
    return SafeString(htmx_script())


@register.tag
def remembered(parser: Parser, token: Token) -> Remembered:
    """``{% remembered "a.html" key … place=value … %}``, see :class:`Remembered`."""
    _tag, name, *bits = token.split_contents()
    keys = []
    while bits and not PLACED.match(bits[0]):
        keys.append(parser.compile_filter(bits.pop(0)))
    return Remembered(name.strip("\"'"), keys, token_kwargs(bits, parser))


@register.simple_tag(takes_context=True)
def choices(context: template.Context, field: BoundField) -> SafeString:
    """The radio buttons of a field; remembered but for those with errors."""
    name = "studies/_choices.html"
    with context.push(field=field):
        if field.errors:
            return parsed(name).render(context)
        keys = field.html_name, str(field.label), field.value(), field.field.required
        return SafeString(fragment(context, name, None, keys)[0])


@register.simple_tag(takes_context=True)
def stated(context: template.Context, study: Study) -> str:
    """A done study's probability as it is shown to the person who looks: at their prevalence, no sharper than known."""
    shown = stated_probability(study, Preferences.of(context["request"].user))
    return "–" if shown is None else str(shown)


ACCOUNT_LABELS = {
    "login": _("User name or e-mail address"),
    "username": _("User name"),
    "email": _("E-mail address"),
    "oldpassword": _("Current password"),
    "password2": _("The same password again"),
    "remember": _("Keep me signed in"),
}
# What the validators of settings.AUTH_PASSWORD_VALIDATORS ask for, in place of a list with a sentence from each.
PASSWORD_RULE = _("At least 10 characters; no well-known password, nothing of your name.")
EMAIL_USE = _("For a new password and notices about your account.")


@register.filter(expects_localtime=True)
def iso(moment: dt.datetime) -> str:
    """A moment for <time datetime>; whole seconds, as HTML allows no more than three digits after them."""
    return moment.isoformat(timespec="seconds")


@register.filter
def in_our_words(form: BaseForm) -> BaseForm:
    """One of allauth's forms with our labels, and without placeholders that only repeat a label until one types."""
    labels = {**ACCOUNT_LABELS, "password1": _("Password") if "username" in form.fields else _("New password")}
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name in labels:
            optional = name == "email" and not field.required
            # Twice: a form that was checked has kept the old one in its bound field.
            field.label = form[name].label = _("E-mail address (optional)") if optional else labels[name]
        if name == "email" and "username" in form.fields:
            field.help_text = form[name].help_text = EMAIL_USE
        if name == "password1":
            field.help_text = form[name].help_text = PASSWORD_RULE
    return form
