"""The state of a study, and the only ways it moves.

It moves through the methods below alone, and each of them is one conditional ``UPDATE``: whoever loses the race changes
nothing and is told so. ``attempt`` is a fencing token: it only ever grows, and an answer carrying an older number is
dropped, so a worker that was thought dead cannot overwrite the answer of a later one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from diagnosis.models.prediction import Finding, ModelVersion, Prediction
from diagnosis.models.webhook import Delivery

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


def max_attempts() -> int:
    """How often a study may be tried: a film that takes the worker down with it must not do so for ever."""
    return settings.MAX_ATTEMPTS


def _reason(
    code: str = "", reason: str = "", advice: str = "", parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The columns that explain a state; a method's ``*message`` is these four, from the left."""
    return {"reason_code": code, "reason": reason, "advice": advice, "reason_parameters": dict(parameters or {})}


class State(models.TextChoices):
    """Where a study stands; ``queued → running → done | rejected | failed``."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being analysed")
    DONE = "done", _("Done")
    REJECTED = "rejected", _("Not suitable")
    FAILED = "failed", _("Could not be analysed")


PENDING = (State.QUEUED, State.RUNNING)


class HasState(models.Model):
    """What waits for an answer, is being analysed or has been: :class:`diagnosis.models.Study` alone."""

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED, editable=False)
    # One of thousands, imported or reanalysed: it waits in a queue of its own, behind whatever people submit by hand.
    bulk = models.BooleanField(_("imported"), default=False, editable=False)
    attempt = models.PositiveIntegerField(_("attempt"), default=0, editable=False)
    attempts_left = models.PositiveSmallIntegerField(default=max_attempts, editable=False)
    # Since when the person has been waiting: submitted, or analysed again.
    queued_at = models.DateTimeField(_("queued"), default=timezone.now, editable=False)
    reanalyses = models.PositiveSmallIntegerField(_("reanalyses by the owner"), default=0, editable=False)
    sent_at = models.DateTimeField(_("sent to the queue"), null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    # Why it waits, was rejected or failed: a stable code, and the sentences the person was shown, as templates with
    # the parameters of both; translated and filled in where they are shown.
    reason_code = models.CharField(_("reason"), max_length=40, blank=True, editable=False)
    reason = models.TextField(_("explanation"), blank=True, editable=False)
    advice = models.TextField(_("advice"), blank=True, editable=False)
    reason_parameters = models.JSONField(_("figures in the explanation"), default=dict, editable=False)
    refused_by = models.CharField(_("gate that refused"), max_length=16, blank=True, editable=False)
    # The current prediction in short, so that a history of 100,000 studies is filtered and sorted by an index of one
    # table. Written with the state by `complete` and `reanalyse`, in the same UPDATE, and by nobody else.
    finding = models.CharField(_("finding"), max_length=20, choices=Finding.choices, blank=True, editable=False)
    probability = models.FloatField(_("probability of pneumonia"), null=True, editable=False)
    # Whether a finding carries warnings, of intake or of the model.
    warned = models.BooleanField(_("with warnings"), default=False, editable=False)
    predicted_by = models.ForeignKey(
        ModelVersion, verbose_name=_("model version"), on_delete=models.PROTECT, related_name="predicted_studies",
        null=True, editable=False, db_index=False,
    )  # fmt: skip

    class Meta:
        abstract = True

    if TYPE_CHECKING:  # columns and relations of Study that the moves use
        owner_id: int
        notices: models.JSONField[Any, Any]
        predictions: RelatedManager[Prediction]
        current_predictions: list[Prediction]  # set by with_current_prediction()

    @property
    def is_pending(self) -> bool:
        """Whether an answer is still to come."""
        return self.state in PENDING

    @cached_property
    def prediction(self) -> Prediction | None:
        """The current prediction, if this study is done; no query after ``with_current_prediction()``."""
        if self.state != State.DONE:
            return None
        if "current_predictions" in self.__dict__:
            return next(iter(self.current_predictions), None)
        return self.predictions.filter(is_current=True).select_related("model_version").first()

    @property
    def waited(self) -> dt.timedelta:
        """How long the person has waited, or did wait, for the latest answer."""
        return (self.finished_at or timezone.now()) - self.queued_at

    def _move(
        self, expected: Iterable[State], attempt: int | None = None, where: Q | None = None, /, **changes: Any
    ) -> bool:
        """One conditional UPDATE; ``False`` when the row had moved on. The instance follows the row on success, and
        only what the database computed is read back: in ``complete`` others wait for the write lock meanwhile."""
        rows = type(self)._default_manager.filter(where or Q(), pk=self.pk, state__in=tuple(expected))
        if attempt is not None:
            rows = rows.filter(attempt=attempt)
        if not rows.update(**changes):
            return False
        self.__dict__.pop("prediction", None)
        computed = [name for name, value in changes.items() if isinstance(value, CombinedExpression)]
        if computed:
            self.refresh_from_db(fields=computed)
        for name in changes.keys() - computed:
            setattr(self, name, changes[name])
        return True

    def claim(self) -> int | None:
        """Take the study for analysis.

        Returns:
            The attempt number that must accompany the answer, or ``None`` when somebody else has it or it is finished.
        """
        taken = self._move(
            [State.QUEUED], self.attempt, Q(attempts_left__gt=0),
            state=State.RUNNING, attempt=F("attempt") + 1, attempts_left=F("attempts_left") - 1,
            started_at=timezone.now(),
        )  # fmt: skip
        return self.attempt if taken else None

    def release(self, attempt: int, *message: Any) -> bool:
        """Put a claimed study back, at no cost to its attempts: the trouble is ours and passing, e.g. no model."""
        return self._move(
            [State.RUNNING], attempt, state=State.QUEUED, sent_at=timezone.now(),
            attempts_left=F("attempts_left") + 1, **_reason(*message),
        )  # fmt: skip

    def retry(self, attempt: int) -> bool:
        """Put a study back whose worker vanished (sweeper)."""
        return self._move([State.RUNNING], attempt, state=State.QUEUED, sent_at=None)

    def reject(self, attempt: int, *message: Any, refused_by: str = "", **facts: Any) -> bool:
        """The gate refused, or it is of nobody the model answers for: say why and which gate, show no probability.

        ``facts`` are whose film it is and how it was put right, where that is known.
        """
        return self._finish(attempt, State.REJECTED, *message, refused_by=refused_by, **facts)

    def fail(self, attempt: int, *message: Any) -> bool:
        """It is our fault: say so."""
        return self._finish(attempt, State.FAILED, *message)

    def _finish(self, attempt: int, state: State, *message: Any, refused_by: str = "", **facts: Any) -> bool:
        with transaction.atomic():
            moved = self._move(
                [State.RUNNING], attempt,
                state=state, finished_at=timezone.now(), refused_by=refused_by, **facts,
                **_reason(*message),
            )  # fmt: skip
            if moved:
                self.predictions.filter(is_current=True).update(is_current=False)
                Delivery.announce(self.owner_id, self.pk, attempt, self.state)
        return moved

    def complete(self, attempt: int, *, facts: Mapping[str, Any] | None = None, **prediction: Any) -> bool:
        """Store the prediction and finish, in one transaction; ``False`` when a later attempt owns the study.

        ``facts`` are whose film it is and how it was put right.
        """
        with transaction.atomic():
            moved = self._move(
                [State.RUNNING], attempt,
                state=State.DONE, finished_at=timezone.now(), **_reason(),
                finding=prediction["finding"], probability=prediction["probability"],
                predicted_by=prediction["model_version"], warned=bool(self.notices or prediction.get("warnings")),
                **(facts or {}),
            )  # fmt: skip
            if moved:
                self.predictions.filter(is_current=True).update(is_current=False)
                self.predictions.create(attempt=attempt, **prediction)
                Delivery.announce(self.owner_id, self.pk, attempt, self.state)
        return moved

    def reanalyse(self, owner_limit: int | None = None, *, bulk: bool = False) -> bool:
        """Queue a finished study again; earlier predictions stay, no longer current once the new one is there.

        With ``owner_limit`` it is the owner who asks: only for want of an answer, and no more often than that. One of
        many (``bulk``) waits behind whatever people submit by hand; one that a person asks for does not, even if it
        was imported.
        """
        by_owner = owner_limit is not None
        return self._move(
            [State.REJECTED, State.FAILED] if by_owner else [State.DONE, State.REJECTED, State.FAILED],
            None, Q(reanalyses__lt=owner_limit) if by_owner else None,
            reanalyses=F("reanalyses") + int(by_owner), state=State.QUEUED, attempts_left=max_attempts(),
            queued_at=timezone.now(), sent_at=None, finished_at=None, bulk=bulk, **_reason(),
            refused_by="", finding="", probability=None, predicted_by=None, warned=False,
            population="", population_known_by="", quarter_turns=0, inverted=False,
        )  # fmt: skip
