"""Boxes and arrows that a reader draws over a radiograph; kept with the review, in pixels of it as it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST = 20
KINDS = ("box", "arrow")
ENDS = ("x1", "y1", "x2", "y2")  # an arrow points to the second end; a box has two corners


class MarksField(forms.JSONField):
    """A hidden field that the viewer fills; nothing in it is no mark."""

    widget = forms.HiddenInput

    def __init__(self, *, size: tuple[int, int]) -> None:
        """Take marks on a radiograph of this width and height."""
        super().__init__(required=False, initial=list)
        self.size = size

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """The marks, each with its kind and ends alone.

        Raises:
            ValidationError: it is not what the viewer writes.
        """
        marks = super().clean(value) or []
        if not isinstance(marks, list) or len(marks) > MOST or not all(self._is_mark(mark) for mark in marks):
            raise ValidationError(_("The marks could not be read."), code="invalid")
        return [{"kind": mark["kind"], **{end: mark[end] for end in ENDS}} for mark in marks]

    def _is_mark(self, mark: Any) -> bool:
        if not isinstance(mark, dict) or mark.get("kind") not in KINDS:
            return False
        ends = [mark.get(end) for end in ENDS]
        bounds = [*self.size, *self.size]
        return all(type(at) is int and 0 <= at <= most for at, most in zip(ends, bounds, strict=True))


def in_words(marks: Iterable[Mapping[str, Any]]) -> list[str]:
    """For tables: "box 120 80 400 360", kind and ends from the upper left, in pixels."""
    return [" ".join([str(mark["kind"]), *(str(mark[end]) for end in ENDS)]) for mark in marks]
