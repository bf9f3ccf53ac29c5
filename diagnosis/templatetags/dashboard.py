"""The dashboard on the admin's first page."""

from __future__ import annotations

from typing import Any

from django import template

from diagnosis.admin import dashboard as figures

register = template.Library()


@register.simple_tag
def dashboard() -> dict[str, Any]:
    """The dashboard's figures, see :mod:`diagnosis.admin.dashboard`."""
    return figures.figures()
