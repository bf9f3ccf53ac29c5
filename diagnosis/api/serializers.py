"""What goes in and out, field by field. A study is described as in the exports: ``history.exports.as_record``."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from diagnosis.history.exports import COLUMNS, as_record
from diagnosis.models import (
    STATED,
    Agreement,
    Certainty,
    Finding,
    KnownBy,
    OperatingPointName,
    OwnFinding,
    Population,
    State,
    Study,
)
from diagnosis.results.translation import translate
from diagnosis.reviews.marks import KINDS, MOST


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a mistyped name must not be ignored in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """The values, checked.

        Raises:
            ValidationError: an unknown field, or a value that cannot be used.
        """
        if hasattr(data, "keys"):
            unknown = sorted(set(data.keys()) - set(self.fields))
            if unknown:
                text = "This field is not known here."
                raise serializers.ValidationError({name: [text] for name in unknown}, code="unknown")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string; a number or a boolean in JSON is refused, not written out."""

    def to_internal_value(self, data: Any) -> str:
        """The string.

        Raises:
            ValidationError: it is something else.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number; a string, a boolean or a fraction in JSON is refused."""

    def to_internal_value(self, data: Any) -> int:
        """The number.

        Raises:
            ValidationError: it is something else.
        """
        if isinstance(data, (bool, str)) or not (isinstance(data, int) or (isinstance(data, float) and data % 1 == 0)):
            self.fail("invalid")
        return super().to_internal_value(int(data))


def _means(name: str) -> str:
    return str(COLUMNS[name])


class StudySerializer(serializers.Serializer[Study]):
    """One study with its current answer, as its owner may see it now."""

    id = serializers.UUIDField()
    url = serializers.URLField(help_text="Of this study in the API.")
    page = serializers.URLField(help_text="Of its result page, for a person.")
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # the stub knows Field.label alone
    patient_code = serializers.CharField(allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(), help_text="Your own; set on the history's page.")
    submitted_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=State.choices)
    reason_code = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it waits, was rejected or failed, for a person.")
    advice = serializers.CharField(allow_blank=True, help_text="What to do next.")
    answer_hidden = serializers.BooleanField()
    finding = serializers.ChoiceField(choices=Finding.choices, allow_null=True)
    probability = serializers.FloatField(allow_null=True)
    assumed_prevalence = serializers.FloatField(allow_null=True)
    probability_low = serializers.FloatField(allow_null=True)
    probability_high = serializers.FloatField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    operating_point = serializers.ChoiceField(choices=OperatingPointName.choices, allow_null=True)
    rule_out = serializers.FloatField(allow_null=True)
    rule_in = serializers.FloatField(allow_null=True)
    model_version = serializers.CharField(allow_null=True)
    model_sha256 = serializers.CharField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    milliseconds = serializers.FloatField(allow_null=True)
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    format = serializers.CharField()
    pixel_sha256 = serializers.CharField()
    view_position = serializers.CharField(allow_blank=True)
    pixel_spacing_mm = serializers.FloatField(allow_null=True)
    age_years = serializers.FloatField(allow_null=True)
    population = serializers.ChoiceField(choices=Population.choices, allow_blank=True)
    population_known_by = serializers.ChoiceField(choices=KnownBy.choices, allow_blank=True)
    population_stated = serializers.CharField(allow_blank=True)
    quarter_turns = serializers.IntegerField()
    inverted = serializers.BooleanField()
    my_agreement = serializers.CharField(allow_null=True)
    my_finding = serializers.CharField(allow_null=True)
    my_certainty = serializers.CharField(allow_null=True)
    my_comment = serializers.CharField(allow_null=True)
    my_marks = serializers.ListField(child=serializers.CharField())
    read_before_answer = serializers.BooleanField(allow_null=True)
    confirmed_diagnosis = serializers.CharField(allow_null=True)
    confirmed_by = serializers.CharField(allow_null=True)

    def to_representation(self, instance: Study) -> dict[str, Any]:
        """A study of ``history.exports.with_all`` as plain values."""
        request = self.context["request"]
        return {
            **as_record(instance),
            "url": reverse("api_study", args=[instance.pk], request=request),
            "page": request.build_absolute_uri(instance.get_absolute_url()),
            "reason": translate(instance.reason, instance.reason_parameters),
            "advice": translate(instance.advice, instance.reason_parameters),
        }


for _name, _field in StudySerializer._declared_fields.items():
    if _name in COLUMNS and not _field.help_text:
        _field.help_text = _means(_name)


class PageSerializer(serializers.Serializer[Any]):
    """One page of studies; follow ``next`` until it is null."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StudySerializer(many=True)


class SubmissionSerializer(Strict):
    """What is submitted: one or many files, each for itself. A ZIP archive counts as the files in it."""

    films = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, max_length=255),
        allow_empty=False,
        help_text="The radiographs: DICOM, PNG, JPEG, TIFF, … or ZIP archives of them.",
    )
    label = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")  # type: ignore[assignment]  # the stub knows Field.label alone
    population = serializers.ChoiceField(
        choices=STATED,
        required=False,
        allow_blank=True,
        default="",
        help_text="Whose films these are, where no DICOM age says: child (1 to 5 years) or adult; empty: not known.",
    )
    intended_use = serializers.BooleanField(
        help_text="Must be true: you have read what PneumoWeb is for and what it is not for (page About)."
    )
    again = serializers.BooleanField(required=False, default=False, help_text="Also analyse what you submitted before.")

    def validate_intended_use(self, value: bool) -> bool:
        """Only true counts."""
        if not value:
            raise serializers.ValidationError("Must be true.", code="required")
        return value


class FileProblemSerializer(serializers.Serializer[Any]):
    """Why one file was not taken."""

    code = serializers.CharField()
    detail = serializers.CharField()


class OutcomeSerializer(serializers.Serializer[Any]):
    """What became of one file: a study, or why there is none."""

    name = serializers.CharField(help_text="Of the file, as it was sent.")
    study = StudySerializer(allow_null=True)
    already_known = serializers.BooleanField(help_text="The study is an earlier one of the same pixels.")
    error = FileProblemSerializer(allow_null=True)


class OutcomesSerializer(serializers.Serializer[Any]):
    """What became of each file, in the order sent."""

    outcomes = OutcomeSerializer(many=True)


class RelabelSerializer(Strict):
    """A study's new label, and patient code."""

    label = Text(max_length=120, allow_blank=True)  # type: ignore[assignment]  # the stub knows Field.label alone
    patient_code = Text(max_length=40, allow_blank=True, required=False, help_text="Left as it is where not given.")


class MarkSerializer(Strict):
    """A box or an arrow, in pixels of the radiograph as it is shown; an arrow points to its second end."""

    kind = serializers.ChoiceField(choices=KINDS)
    x1 = Whole(min_value=0)
    y1 = Whole(min_value=0)
    x2 = Whole(min_value=0)
    y2 = Whole(min_value=0)


class ReviewSerializer(Strict):
    """A reading: what you see, how sure you are, and, once the answer is shown, whether you agree."""

    agreement = serializers.ChoiceField(choices=Agreement.choices, required=False)
    finding = serializers.ChoiceField(choices=OwnFinding.choices, required=False)
    certainty = serializers.ChoiceField(choices=Certainty.choices)
    comment = Text(max_length=2000, required=False, allow_blank=True, default="")
    marks = MarkSerializer(
        many=True, required=False, help_text="Boxes and arrows that go with this reading.",
        max_length=MOST,  # type: ignore[call-arg]  # of the list; the stub knows the item's arguments alone
    )  # fmt: skip


class WrittenReviewSerializer(serializers.Serializer[Any]):
    """A reading as it is kept."""

    agreement = serializers.CharField(allow_blank=True)
    finding = serializers.CharField()
    certainty = serializers.CharField()
    comment = serializers.CharField(allow_blank=True)
    marks = MarkSerializer(many=True, help_text="Boxes and arrows, as they were drawn.")
    before_answer = serializers.BooleanField()
    is_current = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class ModelSerializer(serializers.Serializer[Any]):
    """A model version with its card, as it was published."""

    sha256 = serializers.CharField()
    version = serializers.CharField()
    active = serializers.BooleanField()
    registered_at = serializers.DateTimeField()
    card = serializers.JSONField()


class PersonSerializer(serializers.Serializer[Any]):
    """Who you are here and what you may do."""

    username = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=["read", "submit", "delete"]))
    token = serializers.CharField(allow_null=True, help_text="Name of the token in use; null with a session.")
    expires_at = serializers.DateTimeField(allow_null=True)
    operating_point = serializers.ChoiceField(choices=OperatingPointName.choices)
    reader_first = serializers.BooleanField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; programs may rely on it.")
    detail = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(child=serializers.CharField()), required=False)  # type: ignore[assignment]  # the stub knows Serializer.errors alone
