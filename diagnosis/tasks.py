"""Celery's thin doors. A message holds a study's id and nothing else; the database is the only truth."""

from __future__ import annotations

import logging

from celery import shared_task
from django.core.management import call_command

from diagnosis.models import Delivery, IdempotentRequest, Study
from diagnosis.storage import keep_reserve
from diagnosis.submission import quota
from diagnosis.worker import analysis, orphans
from diagnosis.worker.queue import ANALYSE

logger = logging.getLogger(__name__)


@shared_task(name=ANALYSE, ignore_result=True)
def analyse(study_id: str) -> None:
    """Analyse one study; one that was deleted meanwhile is no error."""
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        logger.info("Study %s was deleted before its turn.", study_id)
        return
    analysis.analyse(study)


@shared_task(name="diagnosis.tasks.tidy", ignore_result=True, time_limit=3600, soft_time_limit=3590)
def tidy() -> None:
    """Remove films that belong to no study any more, what uploads left behind, and what is kept for a while only."""
    orphans.remove_orphans()
    orphans.remove_uploads()
    keep_reserve()
    call_command("clearsessions", verbosity=0)
    quota.forget_old()
    IdempotentRequest.forget_old()
    Delivery.forget_old()
