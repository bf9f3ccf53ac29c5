"""Everything ``ml`` refuses to do, as types whose text may be shown to a person.

Three families, kept apart because they mean different things to the person in front of the screen:

* :class:`IntakeError`: the bytes are not a radiograph we can read. Said at the door, nothing is stored.
* :class:`Refusal`: the bytes were read, but the input gate will not let the model judge them. The study is *rejected*.
* :class:`ArtifactError`: our own model is missing, damaged or of another kind. The study waits or *fails*: our fault.
"""

from __future__ import annotations


class MLError(Exception):
    """Base of every expected failure of this package."""


class TrainingError(MLError):
    """Training cannot go on; the text says why and what to do."""


class CodedError(MLError):
    """An expected failure with a stable code and two sentences for a person.

    Args:
        code: Stable upper-case identifier, e.g. ``"NOT_CHEST"``; programs may rely on it.
        message: What is wrong, one plain sentence.
        advice: What to do next, one plain sentence; may be empty.
    """

    def __init__(self, code: str, message: str, advice: str = "") -> None:
        super().__init__(f"{message} {advice}".strip())
        self.code = code
        self.message = message
        self.advice = advice

    def __reduce__(self) -> tuple[type[CodedError], tuple[str, str, str]]:
        """Pickle by its three arguments, so that the error crosses a process boundary whole."""
        return type(self), (self.code, self.message, self.advice)


class IntakeError(CodedError):
    """The bytes cannot be read as one radiograph (unknown format, damaged, too large, wrong kind of DICOM…)."""


class Refusal(CodedError):
    """The input gate refuses: the film is not something the model may judge. No probability exists."""


class ArtifactError(MLError):
    """The model on disk cannot be used."""


class ArtifactMissing(ArtifactError):
    """A file of the model artefact is not there."""


class ArtifactDamaged(ArtifactError):
    """A file of the model artefact does not match its card (sha256, shape, format version)."""
