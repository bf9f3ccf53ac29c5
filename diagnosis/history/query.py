"""What an address asks of the history. Most ask for nothing, and for those no filter and no form is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest
from django.utils.functional import Promise

from diagnosis.access import person
from diagnosis.history.choices import Choices
from diagnosis.history.filters import ORDERS, SIZES, StudyFilter
from diagnosis.history.keyset import Order
from diagnosis.models import Study, StudyQuerySet

DAYS = ("since", "until")


class HistoryQuery:
    """The filter of one request, its order and its page size."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.choices = Choices.of(person(request))
        values = {name: request.GET.get(name, "") for name in StudyFilter.base_filters}
        self.given = {name: value for name, value in values.items() if value}

    @cached_property
    def filter(self) -> StudyFilter:
        """The filter itself, over what this person may see."""
        mine = Study.objects.visible_to(self.request.user)
        return StudyFilter(self.request.GET, mine, request=self.request, choices=self.choices)

    @property
    def errors(self) -> dict[str, list[str]]:
        """What does not mean anything, by name."""
        return self.filter.form.errors if self.given else {}

    @property
    def order_name(self) -> str:
        """Name of the chosen order."""
        return self.filter.order_name if self.given else "newest"

    @property
    def page_size(self) -> int:
        """Rows on a page."""
        return self.filter.page_size if self.given else SIZES[0]

    @property
    def order(self) -> Order:
        """The order itself."""
        return ORDERS[self.order_name]

    @cached_property
    def rows(self) -> StudyQuerySet:
        """The chosen studies, not yet in order."""
        return self.filter.rows()[0] if self.given else Study.objects.visible_to(self.request.user)

    def in_force(self) -> list[tuple[str, str, str]]:
        """Filters in force: name in the address, its label, its value in words."""
        return self.filter.chosen() if self.given else []

    def fields(self) -> list[Field]:
        """The form's fields, in its order."""
        return [Field(self, name, made.label) for name, made in StudyFilter.base_filters.items()]

    def fields_key(self) -> tuple[Any, ...] | None:
        """What they are drawn from, beside the language; None with errors or a day, which seldom recur."""
        chosen = {name: value for name, value in self.given.items() if name != "q"}
        if self.errors or not chosen.keys().isdisjoint(DAYS):
            return None
        return tuple(chosen.items()), tuple(self.choices.tags), tuple(self.choices.versions)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the filter form."""

    query: HistoryQuery
    name: str
    label: str | Promise

    @property
    def given(self) -> str:
        """What the address has of it."""
        return self.query.given.get(self.name, "")

    @property
    def errors(self) -> list[str]:
        """What is wrong with that."""
        return list(self.query.errors.get(self.name, ()))

    @property
    def bound(self) -> BoundField:
        """As the form has it."""
        bound: BoundField = self.query.filter.form[self.name]
        return bound

    @property
    def is_day(self) -> bool:
        """Whether a day is entered."""
        return self.name in DAYS
