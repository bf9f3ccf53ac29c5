"""When a study may be reanalysed: it failed, or was refused by a gate or a model that has been replaced since."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import lru_cache

from django.db import transaction
from django.db.models import Q

from diagnosis.models import ModelVersion, State, Study
from diagnosis.worker.queue import send_to_worker
from ml import ARTIFACTS, GATE_RULES

# A film that takes the analysis down with it must not do so as often as its owner likes. Staff may, in the admin.
OWNER_LIMIT = 5


@lru_cache(maxsize=1)
def gate_version() -> str:
    """The gate in force in one word: its card names the network's hash and every threshold; and the rules in code."""
    card = ARTIFACTS / "gate" / "card.json"
    return hashlib.sha256(card.read_bytes() + bytes([GATE_RULES])).hexdigest()[:16] if card.is_file() else ""


def refused_still(since: dt.datetime | None) -> Q:
    """Refused studies that would be refused again: by the same image check, and not for their population before
    ``since``, when the model that answers now was registered; it may answer for these people."""
    refused = Q(state=State.REJECTED, refused_by=gate_version())
    if since is None:
        return refused
    return refused & (~Q(reason_code="OUTSIDE_POPULATIONS") | Q(finished_at__gte=since))


def active_since() -> dt.datetime | None:
    """When the model that answers now was registered; ``None`` where none does."""
    return ModelVersion.objects.filter(active=True).values_list("registered_at", flat=True).first()


def is_an_answer() -> Q:
    """Studies that need no further analysis: all but failed ones and those refused that would not be so again."""
    return ~Q(state=State.FAILED) & (~Q(state=State.REJECTED) | refused_still(active_since()))


def may_reanalyse(study: Study) -> bool:
    """Whether its owner may have it analysed again. The same gate would refuse the same film again."""
    if study.reanalyses >= OWNER_LIMIT or study.state not in (State.FAILED, State.REJECTED):
        return False
    return not Study.objects.filter(is_an_answer(), pk=study.pk).exists()


def reanalyse_for_owner(study: Study) -> bool:
    """Queue a study without an answer again for its owner; ``False`` when they may not (``may_reanalyse``)."""
    return may_reanalyse(study) and reanalyse(study, OWNER_LIMIT)


def reanalyse(study: Study, owner_limit: int | None = None, *, bulk: bool = False) -> bool:
    """Queue a finished study again; ``False`` when it is not finished. See ``Study.reanalyse``."""
    with transaction.atomic():
        moved = study.reanalyse(owner_limit, bulk=bulk)
        if moved:

            def send() -> None:
                send_to_worker(study)

            transaction.on_commit(send, robust=True)
    return moved
