"""When a study may be reanalysed: it failed, or was refused by a gate that has been replaced since."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from django.db import transaction
from django.db.models import Q

from diagnosis.models import State, Study
from diagnosis.worker.queue import send_to_worker
from ml import ARTIFACTS

# A film that takes the analysis down with it must not do so as often as its owner likes. Staff may, in the admin.
OWNER_LIMIT = 5


@lru_cache(maxsize=1)
def gate_version() -> str:
    """The published gate in one word: its card names the network's hash and every threshold."""
    card = ARTIFACTS / "gate" / "card.json"
    return hashlib.sha256(card.read_bytes()).hexdigest()[:16] if card.is_file() else ""


def is_an_answer() -> Q:
    """Studies that need no further analysis: all but failed ones and those that an earlier gate refused."""
    return ~Q(state=State.FAILED) & ~(Q(state=State.REJECTED) & ~Q(refused_by=gate_version()))


def may_reanalyse(study: Study) -> bool:
    """Whether its owner may have it analysed again. The same gate would refuse the same film again."""
    if study.reanalyses >= OWNER_LIMIT:
        return False
    return study.state == State.FAILED or (study.state == State.REJECTED and study.refused_by != gate_version())


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
