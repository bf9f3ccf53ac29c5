"""Forms that undo nothing: a page that was opened before another tab saved tells what it had shown."""

from __future__ import annotations

from typing import Any

from django import forms

WAS = "was_"


class StaleForm(forms.Form):
    """A form whose page carries its first values in hidden fields (:meth:`shown`), to tell what was changed.

    Who sends it without them (a program, a test) means all of it.
    """

    def shown(self) -> list[tuple[str, str]]:
        """Names and values of the hidden fields: what the page was drawn with."""
        if self.is_bound:
            return [(name, self.data[name]) for field in self.fields if (name := WAS + field) in self.data]
        values = ((name, field.prepare_value(self.initial.get(name))) for name, field in self.fields.items())
        return [(WAS + name, str(value or "")) for name, value in values]

    def changed(self) -> dict[str, Any]:
        """Of the valid form, the values that differ from what the page showed."""
        return {name: value for name, value in self.cleaned_data.items() if not self._is_as_shown(name, value)}

    def _is_as_shown(self, name: str, value: Any) -> bool:
        shown = self.data.get(WAS + name)
        if shown is None:
            return False
        try:
            return bool(self.fields[name].clean(shown) == value)
        except forms.ValidationError:
            return False
