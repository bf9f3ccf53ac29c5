"""Running the model on one study. Called by the task; everything here happens in a worker."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext_noop

from diagnosis import storage
from diagnosis.models import Study
from diagnosis.results.heatmap_image import encode_heatmap
from diagnosis.results.lungs_image import encode_lungs
from diagnosis.worker.model_registry import room
from diagnosis.worker.reanalysis import gate_version
from ml import ArtifactError, Belonging, Correction, OutsidePopulations, Refusal

logger = logging.getLogger(__name__)


NO_MODEL = (
    "MODEL_UNAVAILABLE",
    gettext_noop("The model cannot run at the moment, so there is no result yet."),
    gettext_noop("Nothing is lost: it is analysed as soon as the model is back. Staff can see why."),
)
FILM_GONE = (
    "FILM_UNREADABLE",
    gettext_noop("The stored radiograph could not be read."),
    gettext_noop("Please submit it again; if that fails too, tell the people who run this site."),
)
STORAGE_AWAY = (
    "STORAGE_AWAY",
    gettext_noop("What this site has stored cannot be reached at the moment, so there is no result yet."),
    gettext_noop("Nothing is lost: it is analysed as soon as the storage is back."),
)
BUG = (
    "ERROR",
    gettext_noop("The radiograph could not be analysed because of an error of ours."),
    gettext_noop("Have it reanalysed; if that fails too, tell the people who run this site."),
)
GAVE_UP = (
    "GAVE_UP",
    gettext_noop("The radiograph could not be analysed: the analysis stopped before its end, several times."),
    gettext_noop("Have it reanalysed; if that fails too, tell the people who run this site."),
)


def analyse(study: Study) -> None:
    """Take one queued study to its answer; a study that is not queued any more is left alone (second delivery)."""
    attempt = study.claim()
    if attempt is None:
        logger.info("Study %s is not waiting any more; nothing to do.", study.pk)
        return
    try:
        outcome, version = room.predict(study)
    except ArtifactError as error:
        logger.error("Study %s waits: %s", study.pk, error)
        study.release(attempt, *NO_MODEL)
    except (OSError, DatabaseError, InterfaceError) as error:
        if isinstance(error, FileNotFoundError) and storage.is_gone(study, storage.MODEL_INPUT):
            logger.error("The stored input of study %s is gone.", study.pk)
            study.fail(attempt, *FILM_GONE)
        else:
            logger.error("Study %s waits: %s", study.pk, error)
            study.release(attempt, *STORAGE_AWAY)
    except Exception:
        # Not foreseen, so a bug: the traceback is for us, the person is told that it is our fault.
        logger.exception("Study %s could not be analysed.", study.pk)
        study.fail(attempt, *BUG)
    else:
        if isinstance(outcome, Refusal):
            message = outcome.code, outcome.message, outcome.advice, outcome.parameters
            facts = {}
            if isinstance(outcome, OutsidePopulations):
                facts = _facts(outcome.belonging, outcome.correction)
            written = study.reject(attempt, *message, refused_by=gate_version(), **facts)
        else:
            written = study.complete(
                attempt,
                facts=_facts(outcome.belonging, outcome.correction),
                model_version=version,
                finding=outcome.finding,
                probability=outcome.probability,
                operating_point=outcome.operating_point,
                rule_out=outcome.cuts.rule_out,
                rule_in=outcome.cuts.rule_in,
                score=outcome.score,
                heatmap=encode_heatmap(outcome),
                lungs=encode_lungs(outcome.lungs),
                warnings=[asdict(warning) for warning in outcome.warnings],
                milliseconds=outcome.milliseconds,
            )
        if not written:
            logger.warning("Study %s: the answer of attempt %d came too late and was dropped.", study.pk, attempt)


def _facts(belonging: Belonging, correction: Correction) -> dict[str, Any]:
    """Whose film it is and how it was put right, as the study's columns."""
    return {
        "population": belonging.population,
        "population_known_by": belonging.source,
        "quarter_turns": correction.quarter_turns,
        "inverted": correction.inverted,
    }
