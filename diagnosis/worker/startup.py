"""What a Celery worker does before it takes its first message: load the model, warm it up, pick up what was left.

Loading happens after the process that will run the model has started, never before a fork.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.signals import task_prerun, worker_init, worker_process_init
from django.conf import settings
from django.db import close_old_connections

from diagnosis.worker import model_registry
from ml import ArtifactError

logger = logging.getLogger(__name__)


def load_model(**_kwargs: Any) -> None:
    """Load and warm up the active model. Without one the worker still starts: studies wait and say why."""
    try:
        model_registry.room.enter()
    except ArtifactError as error:
        logger.error("No model, so no results: %s", error)


@worker_init.connect
def start(**_kwargs: Any) -> None:
    """Pools that run tasks in the worker's own process: the model belongs there."""
    if settings.WORKER_POOL != "prefork":
        load_model()


worker_process_init.connect(load_model)
# As Django does before a request: with CELERY_DB_REUSE_MAX nothing else would replace what the database has ended.
task_prerun.connect(close_old_connections)
