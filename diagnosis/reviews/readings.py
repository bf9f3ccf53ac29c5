"""Readings: who may see the model's answer, what a person says of a film, what was confirmed later."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Agreement, Certainty, Diagnosis, OwnFinding, Reference, Review, Source, State, Study


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
    twins = Study.objects.filter(owner_id=user.pk, pixel_hash=study.pixel_hash, state=State.DONE)
    return twins.exclude(pk=study.pk).answers_shown_to(user).exists()


class ReviewForm(forms.Form):
    """A person's reading. While the answer is hidden there is nothing to agree with, so it is not asked."""

    agreement = forms.ChoiceField(
        label=_("Do you agree with the model?"), choices=Agreement.choices, widget=forms.RadioSelect
    )
    finding = forms.ChoiceField(label=_("What do you see?"), choices=OwnFinding.choices, widget=forms.RadioSelect)
    certainty = forms.ChoiceField(label=_("How sure are you?"), choices=Certainty.choices, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Comment (optional)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Do not enter names, dates of birth or record numbers."),
    )

    prefix = "review"

    def __init__(self, *args: Any, study: Study, hidden: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study
        self.hidden = hidden
        if hidden:
            del self.fields["agreement"]
        else:
            self.fields["finding"].required = False

    def clean(self) -> dict[str, Any]:
        """Fill in the finding of one who agrees; refuse an answer that contradicts itself."""
        data = super().clean() or self.cleaned_data
        agreement, own = data.get("agreement"), data.get("finding")
        prediction = self.study.prediction
        if self.hidden or not agreement or prediction is None:
            return data
        if not own:
            if agreement == Agreement.AGREE:
                data["finding"] = prediction.finding
            elif agreement == Agreement.UNSURE:
                data["finding"] = OwnFinding.INDETERMINATE
            else:
                self.add_error("finding", _("You disagree with the model: please say what you see."))
        elif agreement == Agreement.AGREE and own != prediction.finding:
            self.add_error("finding", _("You agree with the model, but this is another finding than the model’s."))
        elif agreement == Agreement.DISAGREE and own == prediction.finding:
            self.add_error("finding", _("You disagree with the model, but this is the model’s own finding."))
        return data


def save_review(study: Study, author: AbstractBaseUser, form: ReviewForm) -> Review:
    """Keep a valid form as the person's current review of a study that is done."""
    said = form.cleaned_data
    # Blind only if the answer was hidden and these pixels have not shown it under another study either. A reading
    # that is not blind must say whether it agrees; one who knew the answer from elsewhere is taken at their finding.
    blind = form.hidden and not has_seen_elsewhere(author, study)
    agreement = "" if blind else said.get("agreement") or _implied_agreement(study, said["finding"])
    return Review.say(
        study=study,
        author=author,
        prediction=study.prediction,
        before_answer=blind,
        agreement=agreement,
        finding=said["finding"],
        certainty=said["certainty"],
        comment=said["comment"],
    )


def _implied_agreement(study: Study, finding: str) -> str:
    if study.prediction is not None and study.prediction.finding == finding:
        return Agreement.AGREE
    return Agreement.UNSURE if finding == OwnFinding.INDETERMINATE else Agreement.DISAGREE


class ReferenceForm(forms.Form):
    """The diagnosis that was confirmed later, and by what."""

    diagnosis = forms.ChoiceField(label=_("It turned out to be"), choices=Diagnosis.choices, widget=forms.RadioSelect)
    source = forms.ChoiceField(label=_("Known from"), choices=[("", "—"), *Source.choices])

    prefix = "reference"


def reading_context(user: AbstractBaseUser, study: Study, hidden: bool) -> dict[str, Any]:
    """What a page about a finished study needs to show and take readings: forms and what was said so far."""
    reviews = list(Review.objects.filter(study=study, author_id=user.pk).select_related("prediction"))
    review = next((row for row in reviews if row.is_current), None)
    reference = Reference.objects.filter(study=study, author_id=user.pk, is_current=True).first()
    return {
        "answer_hidden": hidden,
        "reviews": reviews,
        "review": review,
        "review_outdated": review is not None and review.prediction != study.prediction,
        "review_form": ReviewForm(study=study, hidden=hidden, initial=_as_initial(review, ReviewForm)),
        "reference": reference,
        "reference_form": ReferenceForm(initial=_as_initial(reference, ReferenceForm)),
    }


def _as_initial(row: Review | Reference | None, form: type[forms.Form]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in form.base_fields} if row else {}
