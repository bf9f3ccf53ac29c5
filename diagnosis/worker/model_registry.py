"""Model artefacts on disk, their versions in the database, and the one that is loaded."""

from __future__ import annotations

import logging
import mmap
import threading

from django.conf import settings

from diagnosis import storage
from diagnosis.models import ModelVersion, Study
from ml import ArtifactError, ArtifactMissing, ModelCard, Prediction, Predictor, Refusal, load_card

logger = logging.getLogger(__name__)

Key = tuple[str, str]
"""What can be served: the sha256 of its networks, and the version of its card."""


def shipped_card() -> ModelCard:
    """The card of what comes with the program, for the populations that this site answers for.

    Raises:
        ArtifactError: it cannot be used.
    """
    return load_card(populations=settings.POPULATIONS)


def installed_cards() -> dict[Key, ModelCard]:
    """Models found on disk, by sha256 and version: what is shipped, and the artefacts in ``DATA_DIR/models``."""
    found: dict[Key, ModelCard] = {}
    for folder in (None, *sorted((settings.DATA_DIR / "models").glob("*/"))):
        try:
            card = shipped_card() if folder is None else load_card(folder)
        except ArtifactError as error:
            logger.error("The model in %s cannot be used: %s", folder or "the program", error)
            continue
        found.setdefault((card.sha256, card.version), card)
    return found


def register_models(installed: dict[Key, ModelCard]) -> ModelVersion | None:
    """Enter installed artefacts as model versions and see to it that a fresh or upgraded site has an active one.

    The first version ever seen becomes active, and so does the shipped one when what the active version needs is gone
    (the software was upgraded, or a population was taken in or left out). A pause that staff ordered (none active) is
    left alone.

    Returns:
        The active version, or ``None``.
    """
    fresh = not ModelVersion.objects.exists()
    for (sha256, name), card in installed.items():
        _row, new = ModelVersion.objects.get_or_create(sha256=sha256, version=name, defaults={"card": card.raw})
        if new:
            logger.info("Registered model %s (%.8s).", card.version, sha256)
    active = ModelVersion.objects.filter(active=True).first()
    replaced = active is not None and (active.sha256, active.version) not in installed
    if installed and (fresh or replaced):
        sha256, name = next(iter(installed))
        active = ModelVersion.objects.get(sha256=sha256, version=name)
        active.activate()
        logger.info("Model %s is active.", active)
    return active


_loaded_model = mmap.mmap(-1, 64)  # shared with the processes forked from this one: a pool's children load


def loaded_model() -> str:
    """The SHA-256 of the model that this worker, or a child of its pool, loaded last; empty before the first."""
    return _loaded_model[:].rstrip(b"\0").decode()


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
            return self._enter()

    def refresh(self) -> None:
        """Take over a model that was activated meanwhile, unless a film is being analysed: the next one will see to it.

        Raises:
            ArtifactError: as `enter`.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._enter()
            finally:
                self._lock.release()

    def _enter(self) -> tuple[Predictor, ModelVersion]:
        active = ModelVersion.objects.filter(active=True).defer("card").first()
        if self._loaded is None or self._loaded[1] != active:
            installed = installed_cards()
            active = register_models(installed)
            if not installed:
                raise ArtifactMissing("No usable model is installed.")
            if active is None:
                raise ArtifactMissing("No model version is active: staff activate one under model versions.")
            predictor = Predictor.serve(
                installed[active.sha256, active.version], threads=settings.MODEL_THREADS or None
            )
            predictor.warm_up()
            self._loaded = predictor, active
            _loaded_model[:] = active.sha256.encode().ljust(64, b"\0")
            logger.info("Model %s is loaded and warm.", active)
        return self._loaded

    def predict(self, study: Study) -> tuple[Prediction | Refusal, ModelVersion]:
        """Run gate and model on one study's stored input.

        Raises:
            ArtifactError: no usable model.
            OSError: the stored input is gone or unreadable.
        """
        predictor, version = self.enter()
        model_input = storage.read_model_input(study)
        with self._lock:
            return predictor.predict([model_input], study.operating_point, [study.stated_population])[0], version


room = Room()
