"""Tags and filters of the site's look: icons, probabilities in words, positions on a scale."""

from __future__ import annotations

from django import template
from django.forms import BaseForm
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of static/img/icons.svg, hidden from screen readers: the words beside it say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("img/icons.svg"),
        name,
    )


@register.filter
def percent(value: float | None, digits: int = 0) -> str:
    """A share (0–1) as "63 %"; what rounds to nothing or to everything is "< 1 %" or "> 99 %", never 0 or 100.

    Exactly 0 and exactly 1 (a measured rate) stay as they are. None gives a dash.
    """
    if value is None or value == "":
        return "–"
    step = 10**-digits
    shown = round(float(value) * 100, digits)
    if shown <= 0 < value:
        return f"< {number_format(step, digits)}\N{NO-BREAK SPACE}%"
    if shown >= 100 > value * 100:
        return f"> {number_format(100 - step, digits)}\N{NO-BREAK SPACE}%"
    return f"{number_format(shown, digits)}\N{NO-BREAK SPACE}%"


@register.filter
def position(value: float | None) -> str:
    """A share (0–1) as a percentage for an SVG attribute: "63.25%", with a point in every language."""
    return f"{min(max(float(value or 0), 0.0), 1.0) * 100:.2f}%"


@register.filter
def without_placeholders(form: BaseForm) -> BaseForm:
    """The form without allauth's placeholders: the labels above the fields say the same, and stay when one types."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return form
