"""Everything ``ml`` refuses to do, as types whose text may be shown to a person.

Three families, kept apart because they mean different things to the person in front of the screen:

* :class:`IntakeError`: the bytes are not a radiograph we can read. Shown at the door, nothing is stored.
* :class:`Refusal`: the bytes were read, but the input gate keeps them from the model. The study is *rejected*.
* :class:`ArtifactError`: our own model is missing, damaged or of another kind. The study waits or *fails*: our fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Parameter = str | int | float
"""A number, a name that is the same in every language, or a term that is translated by itself (``TERMS``)."""

TERMS = frozenset({"kind"})
"""Names of the parameters that are terms of ours, marked where they are named and translated before they are put in."""


def gettext_noop(message: str) -> str:
    """Mark a sentence for translation where it is raised; it is translated where it is shown, by whoever shows it."""
    return message


def fill(template: str, parameters: Mapping[str, Parameter]) -> str:
    """A template with its named parameters put in; one without parameters is a plain sentence."""
    return template % parameters if parameters else template


class MLError(Exception):
    """Base of every expected failure of this package."""


class TrainingError(MLError):
    """Training cannot go on; the text says why and what to do."""


class CodedError(MLError):
    """An expected failure with a stable code and two sentences for a person.

    The sentences are templates: every number, name or unit in them is a named parameter (``"%(found)d of %(most)d
    MB"``), so that whoever shows them can translate the template and format the figures for the reader. Mark them with
    :func:`gettext_noop` where they are raised. ``str(error)`` is the English text, filled in.

    Args:
        code: Stable upper-case identifier, e.g. ``"NOT_CHEST"``; programs may rely on it.
        message: What is wrong, one plain sentence.
        advice: What to do next, one plain sentence; may be empty.
        parameters: What the sentences name, by name; plain JSON values.
    """

    def __init__(self, code: str, message: str, advice: str = "", /, **parameters: Parameter) -> None:
        super().__init__(" ".join(fill(part, parameters) for part in (message, advice) if part))
        self.code = code
        self.message = message
        self.advice = advice
        self.parameters = parameters

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by its arguments, so that the error crosses a process boundary whole."""
        return _restore, (type(self), self.code, self.message, self.advice, self.parameters)


def _restore(kind: type[CodedError], code: str, message: str, advice: str, parameters: dict[str, Any]) -> CodedError:
    return kind(code, message, advice, **parameters)


class IntakeError(CodedError):
    """The bytes cannot be read as one radiograph (unknown format, damaged, too large, wrong kind of DICOM…)."""


def damaged(message: str = "") -> IntakeError:
    """The refusal of a file that cannot be decoded; ``message`` is a sentence of ours, never taken from the file."""
    return IntakeError(
        "DAMAGED",
        message or gettext_noop("The file is damaged and cannot be decoded."),
        gettext_noop("Export the radiograph again and submit the new file."),
    )


def cut_off() -> IntakeError:
    """The refusal of a file whose picture begins and does not end."""
    return IntakeError(
        "DAMAGED",
        gettext_noop("The file was cut off in transit: its picture is incomplete."),
        gettext_noop("Send the file again, or export it again."),
    )


class Refusal(CodedError):
    """The input gate refuses: the film is not something the model may predict for. No probability exists."""


class ArtifactError(MLError):
    """The model on disk cannot be used."""


class ArtifactMissing(ArtifactError):
    """A file of the model artefact is not there."""


class ArtifactDamaged(ArtifactError):
    """A file of the model artefact does not match its card (sha256, shape, format version)."""
