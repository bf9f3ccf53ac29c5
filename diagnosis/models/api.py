"""What programs need kept: their tokens, and the answers to requests that must not act twice."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

PREFIX = "pneumoweb"
USED_EVERY = dt.timedelta(minutes=1)  # how exact `last_used_at` is: a busy program costs one write a minute


def _digest(secret: str) -> str:
    """HMAC-SHA256 of a token's secret under a key from SECRET_KEY: the table alone opens nothing."""
    return salted_hmac("diagnosis.models.ApiToken", secret, algorithm="sha256").hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens by whether they still open anything."""

    def valid(self) -> ApiTokenQuerySet:
        """Neither revoked nor expired, of somebody who may sign in."""
        lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        return self.filter(lasting, revoked_at__isnull=True, user__is_active=True)


class ApiToken(models.Model):
    """A program's key to one person's studies: a public id and a secret, of which only an HMAC is kept.

    A token never allows more than its owner may do, and nothing in the admin.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(_("public id"), max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    may_read = models.BooleanField(_("read"), default=True)
    may_submit = models.BooleanField(_("submit, review, relabel and reanalyse"), default=False)
    may_delete = models.BooleanField(_("delete"), default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(may_read=True) | Q(may_submit=True) | Q(may_delete=True), name="api_token_allows_something"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="api_token_has_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.key})"

    @classmethod
    def issue(cls, **fields: Any) -> tuple[ApiToken, str]:
        """Make a token.

        Returns:
            The row and the token as text, ``pneumoweb_<public id>_<secret>``; the text is not kept.
        """
        key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        return cls.objects.create(key=key, digest=_digest(secret), **fields), f"{PREFIX}_{key}_{secret}"

    @classmethod
    def of(cls, text: str) -> ApiToken | None:
        """The valid token that this text is, with its owner; ``None`` for anything else."""
        prefix, _sep, rest = text.partition("_")
        key, _sep, secret = rest.partition("_")
        if prefix != PREFIX or len(key) != 16 or not secret or not text.isascii():
            return None
        token = cls.objects.valid().select_related("user").filter(key=key).first()
        return token if token is not None and constant_time_compare(token.digest, _digest(secret)) else None

    def touch(self) -> None:
        """Note that it was used, once a minute at most; one conditional UPDATE."""
        now = timezone.now()
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_EVERY)
        if self.last_used_at is None or self.last_used_at < now - USED_EVERY:
            ApiToken.objects.filter(stale, pk=self.pk).update(last_used_at=now)

    def revoke(self) -> None:
        """End it; the row stays, so that its owner still sees when it was last used."""
        ApiToken.objects.filter(pk=self.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())

    @property
    def is_valid(self) -> bool:
        """Whether it still opens anything, as far as the token itself goes."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def scopes(self) -> list[str]:
        """What it allows, in words for programs."""
        return [name for name in ("read", "submit", "delete") if getattr(self, f"may_{name}")]


class IdempotentRequest(models.Model):
    """The answer to one request that carried an ``Idempotency-Key``, so that its repetition acts no second time."""

    KEPT = dt.timedelta(days=1)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False)
    key = models.CharField(max_length=255, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False)  # null: still running, or its process ended
    body = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="one_answer_per_idempotency_key"),)
        # Clearing what is older than a day.
        indexes = (models.Index(fields=("created_at",), name="idempotent_by_age"),)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def forget_old(cls) -> int:
        """Delete what is older than a day; how many rows there were."""
        return cls.objects.filter(created_at__lt=timezone.now() - cls.KEPT).delete()[0]

    @classmethod
    def forget_studies(cls, owners: Iterable[int], studies: Iterable[UUID]) -> None:
        """Take what was told of these studies, and their files' names, out of the kept answers: deleted is deleted.

        The key stays taken, so that a repetition does not submit the radiograph again.
        """
        gone = {str(key) for key in studies}
        rows = cls.objects.filter(user__in=set(owners), status__isnull=False)
        for row in rows.only("body").select_for_update().iterator():
            changed = False
            for outcome in row.body.get("outcomes", ()):
                if outcome["study"] and outcome["study"]["id"] in gone:
                    error = {"code": "DELETED", "detail": gettext("This study has been deleted since.")}
                    outcome.update(name="", study=None, error=error)
                    changed = True
            if changed:
                row.save(update_fields=["body"])


class DailyUse(models.Model):
    """How much one person has submitted on one day (UTC), by page and by program alike."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False)
    day = models.DateField(editable=False)
    films = models.PositiveIntegerField(default=0, editable=False)
    bytes = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("use in a day")
        verbose_name_plural = _("use by day")
        constraints = (models.UniqueConstraint(fields=("user", "day"), name="one_count_per_person_and_day"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.films}"
