"""The forms a reading and a confirmed diagnosis are given with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Agreement, Certainty, Diagnosis, OwnFinding, Source, Study
from diagnosis.reviews.marks import MarksField


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
        self.fields["marks"] = MarksField(size=study.shown_size)
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


class ReferenceForm(forms.Form):
    """The diagnosis that was confirmed later, and by what."""

    diagnosis = forms.ChoiceField(label=_("It turned out to be"), choices=Diagnosis.choices, widget=forms.RadioSelect)
    source = forms.ChoiceField(label=_("Known from"), choices=[("", "—"), *Source.choices])

    prefix = "reference"
