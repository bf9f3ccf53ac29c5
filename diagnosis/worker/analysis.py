"""Running the model on one study. Called by the task; everything here happens in a worker."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import asdict
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils.translation import gettext_noop
from PIL import Image

from diagnosis import storage
from diagnosis.models import ModelVersion, Study
from diagnosis.worker.reanalysis import gate_version
from ml import ARTIFACTS, ArtifactError, ArtifactMissing, Judgement, ModelCard, Predictor, Refusal, load_card

logger = logging.getLogger(__name__)

SHIPPED = ARTIFACTS / "pneumonia"

NO_MODEL = (
    "MODEL_UNAVAILABLE",
    gettext_noop("The model cannot run at the moment, so there is no result yet."),
    gettext_noop("Nothing is lost: the film is analysed by itself as soon as the model is back. Staff can see why."),
)
FILM_GONE = (
    "FILM_UNREADABLE",
    gettext_noop("The stored film could not be read."),
    gettext_noop("Please submit it again; if that fails too, tell the people who run this site."),
)
BUG = (
    "ERROR",
    gettext_noop("The film could not be analysed because of an error of ours."),
    gettext_noop("Have it analysed again; if that fails too, tell the people who run this site."),
)
GAVE_UP = (
    "GAVE_UP",
    gettext_noop("The film could not be analysed: the analysis stopped before its end, several times."),
    gettext_noop("Have it analysed again; if that fails too, tell the people who run this site."),
)


def installed_cards() -> dict[str, tuple[Path, ModelCard]]:
    """Model artefacts found on disk, by sha256: the one shipped with the code and those under ``DATA_DIR/models/``."""
    found: dict[str, tuple[Path, ModelCard]] = {}
    for folder in (SHIPPED, *sorted((settings.DATA_DIR / "models").glob("*/"))):
        try:
            card = load_card(folder)
        except ArtifactError as error:
            logger.error("The model in %s cannot be used: %s", folder, error)
            continue
        found.setdefault(card.sha256, (folder, card))
    return found


def register_models(installed: dict[str, tuple[Path, ModelCard]]) -> ModelVersion | None:
    """Enter installed artefacts as model versions and see to it that a fresh or upgraded site has an active one.

    The first version ever seen becomes active, and so does the shipped one when the active version's files are gone
    (the software was upgraded). A pause that staff ordered (none active) is left alone.

    Returns:
        The active version, or ``None``.
    """
    fresh = not ModelVersion.objects.exists()
    for sha256, (_folder, card) in installed.items():
        _row, new = ModelVersion.objects.get_or_create(
            sha256=sha256, defaults={"version": card.version, "card": card.raw}
        )
        if new:
            logger.info("Registered model %s (%.8s).", card.version, sha256)
    active = ModelVersion.objects.filter(active=True).first()
    replaced = active is not None and active.sha256 not in installed
    if installed and (fresh or replaced):
        active = ModelVersion.objects.get(sha256=next(iter(installed)))
        active.activate()
        logger.info("Model %s is active.", active)
    return active


class Room:
    """The one loaded model of this process, and the lock that keeps it to one film (or batch) at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Predictor, ModelVersion] | None = None

    def enter(self) -> tuple[Predictor, ModelVersion]:
        """Load and warm up the active model, unless it is the one already loaded.

        Raises:
            ArtifactError: there is none, or its files are missing or damaged.
        """
        with self._lock:
            active = ModelVersion.objects.filter(active=True).defer("card").first()
            if self._loaded is None or self._loaded[1] != active:
                installed = installed_cards()
                active = register_models(installed)
                if not installed:
                    raise ArtifactMissing("No usable model is installed.")
                if active is None:
                    raise ArtifactMissing("No model version is active: staff activate one under model versions.")
                predictor = Predictor.load(installed[active.sha256][0], threads=settings.MODEL_THREADS or None)
                predictor.warm_up()
                self._loaded = predictor, active
                logger.info("Model %s is loaded and warm.", active)
            return self._loaded

    def judge(self, study: Study) -> tuple[Judgement | Refusal, ModelVersion]:
        """Run gate and model on one study's stored input.

        Raises:
            ArtifactError: no usable model.
            OSError: the stored input is gone or unreadable.
        """
        predictor, version = self.enter()
        model_input = storage.read_model_input(study)
        with self._lock:
            return predictor.predict([model_input], study.operating_point)[0], version


room = Room()


def analyse(study: Study) -> None:
    """Take one queued study to its answer; a study that is not queued any more is left alone (second delivery)."""
    attempt = study.claim()
    if attempt is None:
        logger.info("Study %s is not waiting any more; nothing to do.", study.pk)
        return
    try:
        verdict, version = room.judge(study)
    except ArtifactError as error:
        logger.error("Study %s waits: %s", study.pk, error)
        study.release(attempt, *NO_MODEL)
    except OSError:
        logger.exception("The stored film of study %s cannot be read.", study.pk)
        study.fail(attempt, *FILM_GONE)
    except Exception:
        # Not foreseen, so a bug: the traceback is for us, the person is told that it is our fault.
        logger.exception("Study %s could not be analysed.", study.pk)
        study.fail(attempt, *BUG)
    else:
        if isinstance(verdict, Refusal):
            said = verdict.code, verdict.message, verdict.advice
            written = study.reject(attempt, *said, refused_by=gate_version())
        else:
            written = study.complete(
                attempt,
                model_version=version,
                finding=verdict.finding,
                probability=verdict.probability,
                operating_point=verdict.operating_point,
                threshold=verdict.threshold,
                heatmap=encode_heatmap(verdict),
                warnings=[asdict(warning) for warning in verdict.warnings],
                milliseconds=verdict.milliseconds,
            )
        if not written:
            logger.warning("Study %s: the answer of attempt %d came too late and was dropped.", study.pk, attempt)


def encode_heatmap(judgement: Judgement) -> bytes:
    """The (h, w) class activation map in [0, 1] as a grey PNG of that size, 255 = 1."""
    levels = np.rint(judgement.heatmap.clip(0.0, 1.0) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()
