"""The helper process of :mod:`ml.intake.sandbox`: reads files one after the other from its standard input, all bounded.

Not for people: ``ml.intake.sandbox`` starts it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
import warnings
from dataclasses import asdict
from typing import Any

from ml.errors import IntakeError, damaged
from ml.intake.radiograph import Limits, Radiograph, too_large
from ml.intake.read import read_here
from ml.intake.sandbox import IDLE_SECONDS, receive, send

MEMORY = 2 * 1024**3
"""Address space in bytes. The largest film allowed (50 million pixels, PNG with alpha) needs about 1 GB."""
CPU_SECONDS = 10
"""Processor time for one file."""


def main() -> None:
    """Answer until the other side closes its end, or nobody has asked for a while."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a decoder prints must not mix with the answers.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    _bound()
    while select.select([0], [], [], IDLE_SECONDS)[0]:
        try:
            question, data = receive(sys.stdin.buffer)
        except EOFError:
            return
        _bound_time()
        words, pixels = _answer(question, data)
        del data
        try:
            send(answers, words, pixels)
        except BrokenPipeError:
            return
        del pixels


def _answer(question: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        film = read_here(
            data,
            question["kind"],
            Limits(**question["limits"]),
            bytes.fromhex(question["salt"]),
            question["for_model_only"],
        )
    except IntakeError as error:
        return _refused(error)
    except MemoryError:
        return _refused(too_large())
    except Exception:
        # Nothing of the exception may leave: its text may quote the file.
        return _refused(damaged())
    return _described(film), film.pixels.tobytes()


def _refused(error: IntakeError) -> tuple[dict[str, Any], bytes]:
    return {"error": [error.code, error.message, error.advice, error.parameters]}, b""


def _described(film: Radiograph) -> dict[str, Any]:
    return {
        "shape": film.pixels.shape,
        "format": film.format,
        "header": asdict(film.header),
        "notices": [asdict(notice) for notice in film.notices],
        "scaled_from": film.scaled_from,
    }


def _bound() -> None:
    """No core files, no files at all, bounded memory; where the system knows such bounds."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _bound_time() -> None:
    """Processor time is counted since the process began, so the bound moves on with every file."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        spent = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent.ru_utime + spent.ru_stime) + 1 + CPU_SECONDS, hard))


if __name__ == "__main__":
    main()
