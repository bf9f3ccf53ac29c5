"""Webhooks: where a person's programs are told that a study is finished, and each message that is owed to them.

A message is a row, written in the transaction that finishes its study; a thread of the worker sends what is due
(``diagnosis.webhooks``). Nothing of it is in the broker.
"""

from __future__ import annotations

import base64
import datetime as dt
import secrets
import uuid
from typing import Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diagnosis.encryption import cipher

PREFIX = "whsec_"  # as Standard Webhooks has it
PURPOSE = "webhooks"
LEASE = dt.timedelta(minutes=1)  # a message in hand is due again after this long, should its sender have vanished
BACK_OFF = tuple(dt.timedelta(seconds=s) for s in (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600))
"""How long to wait after each failed try of one message; after the last it is given up, about a day after the first."""
MOST_PAUSE = dt.timedelta(minutes=10)  # of all messages to one receiver, after it has failed
# A receiver that has failed this often in a row, for at least this long, is left alone until its owner wants it again.
MOST_FAILURES, MOST_FAILING = 20, dt.timedelta(days=1)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks by whether they are told anything."""

    def enabled(self) -> Self:
        """Switched on, of somebody who may sign in."""
        return self.filter(disabled_at__isnull=True, user__is_active=True)


class Webhook(models.Model):
    """An address of one person's, told when one of their studies is finished."""

    class Off(models.TextChoices):
        """Why one is switched off."""

        OWNER = "owner", _("by you")
        STAFF = "staff", _("by the people who run this site")
        FAILURES = "failures", _("because its receiver failed for days")
        GONE = "gone", _("because its receiver answered that it is gone (410)")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.CharField(_("address"), max_length=500)
    encrypted_secret = models.TextField(editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    disabled_at = models.DateTimeField(_("switched off"), null=True, editable=False)
    disabled_because = models.CharField(max_length=10, choices=Off.choices, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_because="")
                | Q(disabled_at__isnull=False, disabled_because__in=("owner", "staff", "failures", "gone")),
                name="webhook_off_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True) | Q(failures__gt=0, failing_since__isnull=False),
                name="webhook_failing_since_first_failure",
            ),
        )

    def __str__(self) -> str:
        return self.url

    @classmethod
    def make(cls, **fields: object) -> tuple[Webhook, str]:
        """Make one.

        Returns:
            The row, and its secret as text (``whsec_`` and 32 bytes in base64), which is shown once.
        """
        secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        encrypted = cipher(PURPOSE).encrypt(secret.encode()).decode()
        return cls.objects.create(encrypted_secret=encrypted, **fields), secret

    def signing_key(self) -> bytes:
        """What messages are signed with.

        Raises:
            cryptography.fernet.InvalidToken: it was encrypted under another ``SECRET_KEY``.
        """
        secret = cipher(PURPOSE).decrypt(self.encrypted_secret).decode()
        return base64.b64decode(secret.removeprefix(PREFIX))

    def disable(self, because: Off) -> bool:
        """Switch it off; ``False`` when it was."""
        on = Webhook.objects.filter(pk=self.pk, disabled_at__isnull=True)
        return bool(on.update(disabled_at=timezone.now(), disabled_because=because))

    def enable(self) -> bool:
        """Switch it on, its failures forgotten; what is still owed is sent. ``False`` when it was on."""
        off = Webhook.objects.filter(pk=self.pk, disabled_at__isnull=False)
        fresh = {"failures": 0, "failing_since": None, "paused_until": None}
        return bool(off.update(disabled_at=None, disabled_because="", **fresh))

    def succeeded(self) -> None:
        """Its receiver took a message."""
        failing = Webhook.objects.filter(pk=self.pk, failures__gt=0)
        failing.update(failures=0, failing_since=None, paused_until=None)

    def failed(self) -> bool:
        """Its receiver took a message not: no other is sent for a while, the longer the more often.

        Returns:
            Whether it was switched off for that.
        """
        row = Webhook.objects.filter(pk=self.pk)
        row.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Now()))
        self.refresh_from_db()
        pause = min(BACK_OFF[0] * 2 ** min(self.failures - 1, 10), MOST_PAUSE)
        row.update(paused_until=timezone.now() + pause)
        since = self.failing_since or timezone.now()
        if self.failures >= MOST_FAILURES and since <= timezone.now() - MOST_FAILING:
            return self.disable(self.Off.FAILURES)
        return False


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Messages by what is to be done about them."""

    def due(self, now: dt.datetime) -> Self:
        """To be sent now: to webhooks that are on and have not failed just now."""
        paused = Q(webhook__paused_until__gt=now)
        return self.filter(
            ~paused, due_at__lte=now, webhook__disabled_at__isnull=True, webhook__user__is_active=True
        ).order_by("due_at")


class Delivery(models.Model):
    """One message: that a study reached a final state. Its id is the message's, the same at every try."""

    KEPT = dt.timedelta(days=30)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    study = models.ForeignKey("diagnosis.Study", on_delete=models.CASCADE, related_name="deliveries")
    attempt = models.PositiveIntegerField()  # of the study: one message for each time it was finished
    state = models.CharField(max_length=10)  # that it reached
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, default=timezone.now)  # null: taken, or given up
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)  # HTTP, of the last try; null: there was no answer
    trouble = models.CharField(max_length=30, blank=True)  # code of what went wrong at the last try

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        constraints = (
            models.UniqueConstraint(fields=("webhook", "study", "attempt"), name="one_message_per_answer"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(due_at__isnull=True), name="delivery_taken_is_not_due"
            ),
        )
        indexes = (
            # What is due; only what is still owed, so it stays small.
            models.Index(fields=("due_at",), condition=Q(due_at__isnull=False), name="delivery_due"),
            # The messages to one webhook, newest first.
            models.Index(fields=("webhook", "-created_at", "-id"), name="delivery_by_webhook"),
            # Clearing what is older than KEPT.
            models.Index(fields=("created_at",), name="delivery_by_age"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def announce(cls, owner: int, study: uuid.UUID, attempt: int, state: str) -> None:
        """Owe a message to each webhook of the study's owner; called in the transaction that finishes the study."""
        if settings.WEBHOOKS == "off":
            return
        hooks = Webhook.objects.enabled().filter(user_id=owner)
        cls.objects.bulk_create(cls(webhook=hook, study_id=study, attempt=attempt, state=state) for hook in hooks)

    @classmethod
    def forget_old(cls) -> int:
        """Delete what is older than ``KEPT``; how many rows there were."""
        return cls.objects.filter(created_at__lt=timezone.now() - cls.KEPT).delete()[0]

    def claim(self) -> bool:
        """Take it in hand; ``False`` when another sender has. One conditional UPDATE."""
        now = timezone.now()
        mine = Delivery.objects.filter(pk=self.pk, due_at=self.due_at, due_at__lte=now)
        if not mine.update(due_at=now + LEASE, tries=F("tries") + 1, tried_at=now):
            return False
        self.refresh_from_db(fields=["due_at", "tries", "tried_at"])
        return True

    def taken(self, status: int) -> None:
        """Its receiver has it."""
        with transaction.atomic():
            Delivery.objects.filter(pk=self.pk).update(
                delivered_at=timezone.now(), due_at=None, status=status, trouble=""
            )
            self.webhook.succeeded()

    def not_taken(self, status: int | None, trouble: str) -> bool:
        """Its receiver has it not: due again later, or given up. ``True`` when that switched the webhook off."""
        wait = BACK_OFF[self.tries - 1] if self.tries <= len(BACK_OFF) else None
        due_at = timezone.now() + wait * secrets.SystemRandom().uniform(0.9, 1.1) if wait else None
        with transaction.atomic():
            Delivery.objects.filter(pk=self.pk).update(due_at=due_at, status=status, trouble=trouble)
            return self.webhook.failed()

    def resend(self) -> None:
        """Send it once more, now, and as often as a new one. One that is in hand at this moment may arrive twice."""
        with transaction.atomic():  # the delivery first, as a sender does: the other way round each waits for the other
            Delivery.objects.filter(pk=self.pk).update(due_at=timezone.now(), tries=0, delivered_at=None)
            Webhook.objects.filter(pk=self.webhook_id).update(paused_until=None)
