"""The forms people fill in."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from diagnosis.models import PATIENT_CODE, STATED
from diagnosis.stale_forms import StaleForm
from diagnosis.submission import intended_use


class FilmsInput(forms.ClearableFileInput):
    """A file input that takes many, and of every kind.

    No ``accept``: a file picker that goes by it hides what it does not know, above all on phones (ZIP, DICOM without
    an extension, as scanners write it). Intake looks at the content and says what it does not read.
    """

    allow_multiple_selected = True


class FilmsField(forms.FileField):
    """One or many files; only their number is checked here, their content is intake's business.

    An empty file is let through on purpose: intake says what is wrong with it, file by file.
    """

    widget = FilmsInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """The uploaded files, in the order sent.

        Raises:
            ValidationError: none, or too many at once.
        """
        files = [file for file in (data or []) if file]
        most = settings.MAX_FILES_PER_SUBMISSION
        if not files:
            raise ValidationError(_("Choose at least one radiograph."), code="required")
        if len(files) > most:
            raise ValidationError(
                ngettext(
                    "%(count)d file was sent; at most %(most)d are taken at once. Nothing was submitted.",
                    "%(count)d files were sent; at most %(most)d are taken at once. Nothing was submitted.",
                    len(files),
                )
                % {"count": len(files), "most": most},
                code="too_many",
            )
        return files


def label_field() -> forms.CharField:
    """The person's own label of a study, with the warning that belongs to it."""
    return forms.CharField(
        label=_("Label (optional)"),
        max_length=120,
        required=False,
        strip=True,
        help_text=_("Your own words to find it by. Do not enter names, dates of birth or record numbers."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def patient_code_field() -> forms.CharField:
    """The person's own code for a patient: studies of one patient over time belong together by it."""
    return forms.CharField(
        label=_("Patient code (optional)"),
        max_length=PATIENT_CODE,
        required=False,
        strip=True,
        help_text=_("Your own code, never a name: it puts one patient’s radiographs over time together."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class LabelForm(StaleForm):
    """Give a study another label and patient code, or none."""

    label = label_field()
    patient_code = patient_code_field()


class SubmissionForm(forms.Form):
    """Submit one or many films."""

    films = FilmsField(label=_("Radiographs"))
    label = label_field()
    patient_code = patient_code_field()
    population = forms.ChoiceField(
        label=_("Whose radiographs are these?"),
        choices=STATED,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("An age in a DICOM file wins; what is not known is estimated."),
    )
    intended_use = forms.BooleanField(
        label=intended_use.STATEMENT,
        error_messages={"required": _("Please confirm that you have read what this is for.")},
    )
    again = forms.BooleanField(
        label=_("Reanalyse what I have already submitted"),
        required=False,
    )
    token = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, confirmed: bool = False, **kwargs: Any) -> None:
        """With ``confirmed``, the person has confirmed the intended use before, and is not asked for it."""
        super().__init__(*args, **kwargs)
        self.fields["token"].initial = uuid.uuid4
        if confirmed:
            del self.fields["intended_use"]

    def clean_token(self) -> uuid.UUID:
        """The token of this press of the button; a client that sends none gets one."""
        return self.cleaned_data["token"] or uuid.uuid4()
