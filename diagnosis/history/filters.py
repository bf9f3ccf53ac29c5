"""What a person may ask of their history: filters, order and page size, all of it in the address."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnosis.history.choices import Choices
from diagnosis.history.keyset import Order
from diagnosis.models import PENDING, Finding, ModelVersion, Review, State, Study, StudyQuerySet, StudyTag

ORDERS = {
    "newest": Order("created_at", descending=True),
    "oldest": Order("created_at"),
    "highest": Order("probability", descending=True),
    "lowest": Order("probability"),
    "label": Order("label_key"),
    "label_last": Order("label_key", descending=True),
}
ORDER_NAMES: dict[str, Promise] = {
    "newest": _("Newest first"),
    "oldest": _("Oldest first"),
    "highest": _("Most probable first"),
    "lowest": _("Least probable first"),
    "label": _("Label, A to Z"),
    "label_last": _("Label, Z to A"),
}
SIZES = (25, 50, 100)
STATES: list[tuple[str, Any]] = [
    ("done", _("Done")),
    ("pending", _("Waiting or being analysed")),
    ("rejected", _("Not suitable")),
    ("failed", _("Could not be analysed")),
]
REVIEWS: list[tuple[str, Any]] = [
    ("none", _("Not reviewed by me")),
    ("any", _("Reviewed by me")),
    ("agree", _("I agree")),
    ("disagree", _("I disagree")),
    ("unsure", _("I am unsure")),
    ("blind", _("Read before the answer was shown")),
]


def _date(label: Promise, **kwargs: Any) -> django_filters.DateFilter:
    return django_filters.DateFilter(label=label, widget=forms.DateInput(attrs={"type": "date"}), **kwargs)


class StudyFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter is not typed
    """The history's filters. A value that means nothing is named and leaves its filter out."""

    q = django_filters.CharFilter(
        label=_("Text in the label"), method="by_label", max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )  # fmt: skip
    finding = django_filters.ChoiceFilter(
        label=_("Finding"), choices=Finding.choices, empty_label=_("Any finding"), method="by_finding"
    )
    warned = django_filters.ChoiceFilter(
        label=_("Warnings"),
        choices=[("yes", _("With warnings"))],
        empty_label=_("With or without"),
        method="by_warning",
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, empty_label=_("Any state"), method="by_state")
    since = _date(_("Submitted from"), method="from_day")
    until = _date(_("Submitted until"), method="to_day")
    review = django_filters.ChoiceFilter(
        label=_("My review"), choices=REVIEWS, empty_label=_("Any review"), method="by_review"
    )
    # Of these two the choices are filled in by __init__.
    tag = django_filters.ChoiceFilter(label=_("Tag"), empty_label=_("Any tag"), method="by_tag")
    model = django_filters.ChoiceFilter(label=_("Model version"), empty_label=_("Any version"), method="by_model")
    sort = django_filters.ChoiceFilter(
        label=_("Order"), choices=list(ORDER_NAMES.items()), empty_label=None, method="leave"
    )
    size = django_filters.ChoiceFilter(
        label=_("Studies on a page"), choices=[(str(size), size) for size in SIZES], empty_label=None, method="leave"
    )

    class Meta:
        model = Study
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: QueryDict, queryset: StudyQuerySet, *, request: HttpRequest, choices: Choices | None = None
    ) -> None:
        super().__init__(data, queryset, request=request)
        self.choices = choices or Choices.of(request.user)
        self.filters["model"].extra["choices"] = list(self.choices.versions.items())
        self.filters["tag"].extra["choices"] = [(name, name) for name in self.choices.tags]

    def by_label(self, rows: StudyQuerySet, _name: str, value: str) -> StudyQuerySet:
        """Studies with this text in their label. The inner query reads nothing but the index of labels."""
        matching = Study.objects.visible_to(self.request.user).labelled(value).order_by()
        return rows.filter(pk__in=matching.values("pk"))

    def by_finding(self, rows: StudyQuerySet, _name: str, value: str) -> StudyQuerySet:
        """Studies whose answer this is, and may be seen."""
        return rows.answers_shown_to(self.request.user).filter(state=State.DONE, finding=value)

    def by_warning(self, rows: StudyQuerySet, _name: str, _value: str) -> StudyQuerySet:
        """Studies whose finding carries a warning, and may be seen."""
        return rows.answers_shown_to(self.request.user).filter(warned=True)

    def by_state(self, rows: StudyQuerySet, _name: str, value: str) -> StudyQuerySet:
        """Studies in this state; both states of waiting are one."""
        return rows.filter(state__in=PENDING) if value == "pending" else rows.filter(state=value)

    def from_day(self, rows: StudyQuerySet, _name: str, value: dt.date) -> StudyQuerySet:
        """From the beginning of that day on, in the person's time zone."""
        return rows.filter(created_at__gte=midnight(value))

    def to_day(self, rows: StudyQuerySet, _name: str, value: dt.date) -> StudyQuerySet:
        """To the end of that day."""
        return rows.filter(created_at__lt=midnight(value + dt.timedelta(days=1))) if value < dt.date.max else rows

    def by_review(self, rows: StudyQuerySet, _name: str, value: str) -> StudyQuerySet:
        """By this person's own review of the film."""
        reviews = Review.objects.filter(author_id=self.request.user.pk, is_current=True)
        if value == "none":
            return rows.filter(~Exists(reviews.filter(study=OuterRef("pk"))), state=State.DONE)
        if value == "blind":
            reviews = reviews.filter(before_answer=True)
        elif value != "any":
            reviews = reviews.filter(agreement=value)
        # IN, not EXISTS: a few reviews among many studies are then looked up from the reviews' side.
        return rows.filter(pk__in=reviews.values("study"))

    def by_tag(self, rows: StudyQuerySet, _name: str, value: str) -> StudyQuerySet:
        """Studies that bear this tag of this person."""
        tagged = StudyTag.objects.filter(tag__owner_id=self.request.user.pk, tag__name=value)
        return rows.filter(pk__in=tagged.values("study"))

    def by_model(self, rows: StudyQuerySet, _name: str, value: str) -> StudyQuerySet:
        """Studies whose current answer this version gave."""
        version, _dash, sha256 = value.rpartition("-")
        chosen = ModelVersion.objects.filter(version=version, sha256__startswith=sha256).values("pk")[:1]
        return rows.answers_shown_to(self.request.user).filter(predicted_by=chosen)

    def leave(self, rows: StudyQuerySet, _name: str, _value: str) -> StudyQuerySet:
        """Order and size choose no rows."""
        return rows

    def _cleaned(self, name: str) -> Any:
        self.form.is_valid()  # cleans; what did not pass is missing from what is cleaned
        return self.form.cleaned_data.get(name)

    @property
    def order_name(self) -> str:
        """Name of the chosen order."""
        return self._cleaned("sort") or "newest"

    @property
    def page_size(self) -> int:
        """Rows on a page."""
        return int(self._cleaned("size") or SIZES[0])

    def rows(self) -> tuple[StudyQuerySet, Order]:
        """The chosen studies, not yet in order, and the order. What the order knows no place for is left out."""
        order = ORDERS[self.order_name]
        rows: StudyQuerySet = self.qs
        if order.key == "probability":
            rows = rows.answers_shown_to(self.request.user).filter(probability__isnull=False)
        elif order.key == "label_key":
            rows = rows.exclude(label_key="")
        return rows, order

    def chosen(self) -> list[tuple[str, str, str]]:
        """Filters in force: name in the address, its label, its value in words."""
        words: dict[str, dict[str, Any]] = {
            "finding": dict(Finding.choices), "warned": {"yes": _("With warnings")}, "state": dict(STATES),
            "review": dict(REVIEWS), "model": self.choices.versions,
        }  # fmt: skip
        self.form.is_valid()
        given = {name: value for name, value in self.form.cleaned_data.items() if name not in ("sort", "size")}
        return [
            (name, str(self.form.fields[name].label), _in_words(value, words.get(name, {})))
            for name, value in given.items()
            if value
        ]


def _in_words(value: Any, words: dict[str, Any]) -> str:
    if isinstance(value, dt.date):
        return date_format(value, "SHORT_DATE_FORMAT")
    return str(words.get(value, value))


def midnight(day: dt.date) -> dt.datetime:
    """The beginning of a day in the current time zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def filter_for(request: HttpRequest) -> StudyFilter:
    """The filter of this request's address, over what its person may see."""
    return StudyFilter(request.GET, Study.objects.visible_to(request.user), request=request)
