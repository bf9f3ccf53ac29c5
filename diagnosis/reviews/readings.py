"""Readings: who may see the model's answer, what a person says of a film, what was confirmed later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.functional import SimpleLazyObject

from diagnosis.models import Agreement, OwnFinding, Preferences, Reference, Review, State, Study, StudyQuerySet
from diagnosis.prepared import Prepared
from diagnosis.reviews.forms import ReferenceForm, ReviewForm

REVIEWS = Prepared(
    lambda study, author: Review.objects.filter(study_id=study, author_id=author).order_by("-created_at", "-pk")
)
REFERENCES = Prepared(
    lambda study, author: Reference.objects.filter(study_id=study, author_id=author, is_current=True).order_by()
)


def with_is_read(rows: StudyQuerySet) -> StudyQuerySet:
    """Annotate ``is_read``: whether its owner has given a reading or a diagnosis, so that few pages ask for either."""
    mine: dict[str, Any] = {"study": OuterRef("pk"), "author": OuterRef("owner")}
    given = Exists(Review.objects.filter(**mine)) | Exists(Reference.objects.filter(**mine, is_current=True))
    return rows.annotate(is_read=given)


def hidden_from(user: AbstractBaseUser | AnonymousUser, study: Study) -> bool:
    """Whether the model's answer to this study must not be shown to this person yet (reader-first mode).

    Holds for finding, probability, heat map, the model's warnings and everything counted or filtered by them. Free
    where the study came through ``with_hidden``; one query otherwise.
    """
    known = getattr(study, "answer_hidden", None)
    if known is not None:
        return bool(known)
    return not Study.objects.filter(pk=study.pk).answers_shown_to(user).exists()


def has_seen_elsewhere(user: AbstractBaseUser, study: Study) -> bool:
    """Whether this person has been shown an answer to the same pixels, submitted another time."""
    copies = Study.objects.filter(owner_id=user.pk, pixel_hash=study.pixel_hash, state=State.DONE)
    return copies.exclude(pk=study.pk).answers_shown_to(user).exists()


def save_review(study: Study, author: AbstractBaseUser, form: ReviewForm) -> Review:
    """Keep a valid form as the person's current review of a study that is done."""
    data = form.cleaned_data
    # Blind only if the answer was hidden and these pixels have not shown it under another study either. A reading
    # that is not blind must say whether it agrees; one who knew the answer from elsewhere is taken at their finding.
    blind = form.hidden and not has_seen_elsewhere(author, study)
    agreement = "" if blind else data.get("agreement") or _implied_agreement(study, data["finding"])
    return Review.record(
        study=study,
        author=author,
        prediction=study.prediction,
        before_answer=blind,
        agreement=agreement,
        finding=data["finding"],
        certainty=data["certainty"],
        comment=data["comment"],
        marks=data["marks"],
    )


@dataclass(frozen=True, slots=True)
class Agreed:
    """Of the readings given before the answer was shown, how many found what the model found."""

    same: int
    total: int


def agreed(user: AbstractBaseUser) -> Agreed:
    """Count them, each against the answer that was there when it was given; one query."""
    blind = Review.objects.filter(author_id=user.pk, before_answer=True)
    same = Count("pk", filter=Q(finding=F("prediction__finding")))
    return Agreed(**blind.aggregate(same=same, total=Count("pk")))


@dataclass(frozen=True, slots=True)
class Unread:
    """What a person who reads first has still to read: how many (``MOST`` and more are not counted), which is next."""

    count: int
    next: Study

    MOST = 100


def unread(user: AbstractBaseUser, but: Study) -> Unread | None:
    """The studies whose answer is hidden from this person, beside the one they look at; oldest first, one query."""
    if not Preferences.of(user).reader_first:
        return None
    rows = Study.objects.unread_by(user).exclude(pk=but.pk)
    left = list(rows.order_by("created_at", "id").only("pk", "created_at")[: Unread.MOST])
    return Unread(len(left), left[0]) if left else None


def _implied_agreement(study: Study, finding: str) -> str:
    if study.prediction is not None and study.prediction.finding == finding:
        return Agreement.AGREE
    return Agreement.UNSURE if finding == OwnFinding.INDETERMINATE else Agreement.DISAGREE


def reading_context(user: AbstractBaseUser, study: Study, hidden: bool) -> dict[str, Any]:
    """What a page about a finished study needs to show and take readings: forms and the reviews so far."""
    is_read = getattr(study, "is_read", True)
    reviews = REVIEWS(study.pk, user.pk) if is_read else []
    review = next((row for row in reviews if row.is_current), None)
    blind = None if hidden else next((row for row in reviews if row.before_answer), None)
    reference = REFERENCES.first(study.pk, user.pk) if is_read else None
    return {
        "answer_hidden": hidden,
        # While it is unread, its part of the page is that of any other study.
        "review_key": None if hidden or reviews or reference else (),
        "takes_marks": True,
        "reviews": reviews,
        "review": review,
        "blind": blind,
        "agreed": agreed(user) if blind else None,
        "unread": unread(user, study),
        "review_outdated": review is not None and review.prediction_id != getattr(study.prediction, "pk", None),
        # Forms are made where what is drawn of them is not remembered.
        "review_form": SimpleLazyObject(
            lambda: ReviewForm(study=study, hidden=hidden, initial=_review_as_initial(review))
        ),
        "review_fields": _recurring(hidden, review),
        "marks": review.marks if review else [],
        "reference": reference,
        "reference_form": SimpleLazyObject(lambda: ReferenceForm(initial=_as_initial(reference, ReferenceForm))),
        "reference_fields": (reference.diagnosis, reference.source) if reference else ("", ""),
    }


def _recurring(hidden: bool, review: Review | None) -> tuple[Any, ...] | None:
    """What the fields of a review are drawn from, where it is likely to recur; None with a comment or marks."""
    if review is None:
        return (hidden,)
    return None if review.comment or review.marks else (hidden, review.agreement, review.finding, review.certainty)


def _review_as_initial(review: Review | None) -> dict[str, Any]:
    return {**_as_initial(review, ReviewForm), **({"marks": review.marks} if review else {})}


def _as_initial(row: Review | Reference | None, form: type[forms.Form]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in form.base_fields} if row else {}
