"""Sending what is due. Called again and again by a thread of the worker, beside its pool: no film waits for it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPException

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from diagnosis.models import Delivery, Preferences, Webhook
from diagnosis.webhooks.post import Answer, post
from diagnosis.webhooks.signature import body_of, signed

logger = logging.getLogger(__name__)

AT_ONCE = 4  # receivers that are told things side by side: a slow one keeps three others' places free
MOST = 100  # messages to one receiver in one pass
GONE = 410


def deliver_due() -> int:
    """One pass over all that is due; each receiver gets its messages one after the other, the oldest first.

    Returns:
        How many messages were tried.
    """
    due = Delivery.objects.due(timezone.now())
    hooks = list(due.order_by("webhook").values_list("webhook", flat=True).distinct())
    if len(hooks) < 2:
        return sum(map(_tell, hooks))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        return sum(pool.map(_tell_and_close, hooks))


def _tell_and_close(hook: int) -> int:
    try:
        return _tell(hook)
    finally:
        connection.close()


def _tell(hook: int) -> int:
    """Send one receiver what is due to it, until it fails."""
    tried = 0
    rows = Delivery.objects.due(timezone.now()).filter(webhook=hook).select_related("webhook__user")[:MOST]
    for delivery in rows:
        if not delivery.claim():
            continue
        tried += 1
        answer = _send(delivery)
        if not answer.trouble and answer.status is not None:
            delivery.taken(answer.status)
            continue
        logger.info("Webhook %s did not take a message: %s %s.", hook, answer.trouble, answer.status or "")
        off = delivery.not_taken(answer.status, answer.trouble)
        if off or (answer.status == GONE and delivery.webhook.disable(Webhook.Off.GONE)):
            _notify(delivery.webhook)
        break
    return tried


def _send(delivery: Delivery) -> Answer:
    body = body_of(delivery)
    try:
        key = delivery.webhook.signing_key()
    except InvalidToken:
        return Answer(None, "SECRET_LOST")
    headers = signed(delivery, body, key, timezone.now())
    return post(delivery.webhook.url, body, headers, anywhere=settings.WEBHOOKS == "anywhere")


def _notify(webhook: Webhook) -> None:
    """Tell its owner by e-mail, where there is an address; the account page says so too."""
    logger.warning("Webhook %s is switched off: its receiver does not take messages.", webhook.pk)
    if not webhook.user.email:
        return
    with translation.override(Preferences.of(webhook.user).language or settings.LANGUAGE_CODE):
        subject = settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + _("a webhook was switched off")
        text = _(
            "The receiver at %(url)s has not taken our messages, so nothing is sent there any more. Mend it, then "
            "switch the webhook on again on your account page: what is still owed is sent then."
        ) % {"url": webhook.url}
        try:
            send_mail(subject, text, None, [webhook.user.email])
        except (SMTPException, OSError):
            logger.exception("The mail server does not take our mail; see EMAIL_URL.")
