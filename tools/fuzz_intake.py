"""Feed intake with broken films for as long as wanted: ``python -m tools.fuzz_intake --minutes 10 --seed 1``.

Starts from the seeds of :mod:`tests.ml.intake.corpus` (and any files given), breaks each in one to a few ways, stops at
the first outcome that is neither a film nor a refusal with code, message and advice. Every round is a pure function of
the seed and its number, so a failure is repeated by ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import collections
import logging
import random
import resource
import struct
import sys
import tempfile
import time
from pathlib import Path

from ml.errors import IntakeError
from ml.intake import sandbox
from ml.intake.read import read_radiograph
from tests.ml.intake.corpus import seeds
from tests.ml.intake.siblings import KINDS, cases

EDGES = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFE, 0xFF)
WORDS = (0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
LONGS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def broken(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """One to eight changes, most of them near the start, where headers are."""
    spoiled = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if len(spoiled) < 8:
            break
        reach = len(spoiled) if chance.random() < 0.4 else min(len(spoiled), chance.choice((64, 400, 1500)))
        at = chance.randrange(reach)
        match chance.randrange(11):
            case 0:
                spoiled[at] ^= 1 << chance.randrange(8)
            case 1:
                spoiled[at] = chance.choice(EDGES)
            case 2:
                spoiled[at : at + 2] = struct.pack(chance.choice("<>") + "H", chance.choice(WORDS))
            case 3:
                spoiled[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(LONGS))
            case 4:
                del spoiled[at:]
            case 5:
                del spoiled[at : at + chance.randrange(1, 200)]
            case 6:
                piece = bytes(spoiled[at : at + chance.randrange(1, 400)])
                spoiled[at:at] = piece * chance.choice((1, 1, 2, 50))
            case 7:
                spoiled[at:at] = chance.randbytes(chance.randrange(1, 100))
            case 8:
                other = chance.choice(others)
                start = chance.randrange(len(other))
                spoiled[at : at + 300] = other[start : start + chance.randrange(1, 300)]
            case 9:
                spoiled[at : at + chance.randrange(1, 60)] = chance.randbytes(chance.randrange(1, 60))
            case 10:
                spoiled[at:] = bytes(len(spoiled) - at)
    return bytes(spoiled)


def outcome(data: bytes) -> str:
    """``"read"`` or the refusal's code.

    Raises:
        AssertionError: A refusal without words, or a film that cannot be used.
        Exception: Whatever intake lets through; that is what is looked for.
    """
    try:
        film = read_radiograph(data)
    except IntakeError as error:
        if not (error.code and error.message and error.advice):
            raise AssertionError(f"a refusal without words: {error!r}") from error
        return error.code
    if film.model_input().pixels.shape != (224, 224) or not film.to_stored()[0] or len(film.pixel_hash()) != 64:
        raise AssertionError("a film that cannot be used")
    return "read"


def main() -> int:
    """Fuzz until the time is up; the exit status says whether anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_intake", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="repeat one round")
    parser.add_argument("--siblings", action="store_true", help="break the careless files of the tests as well")
    parser.add_argument("files", type=Path, nargs="*", help="real files to break as well")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    named = [*seeds().items(), *((path.name, path.read_bytes()) for path in chosen.files)]
    if chosen.siblings:
        named += [(f"{kind}: {case.name}", case.data) for kind in KINDS for case in cases(kind)]
    names, films = [name for name, _ in named], [data for _, data in named]
    seen: collections.Counter[str] = collections.Counter()
    slowest: list[tuple[float, str]] = []
    rounds, helpers, helper = 0, 0, None
    until = time.monotonic() + 60 * chosen.minutes
    number = chosen.only or 0
    while time.monotonic() < until:
        chance = random.Random(f"{chosen.seed}/{number}")
        which = chance.randrange(len(films))
        data = broken(films[which], chance, films)
        began = time.monotonic()
        try:
            result = outcome(data)
        except BaseException as error:
            kept = Path(tempfile.gettempdir()) / f"fuzz-intake-{chosen.seed}-{number}"
            kept.write_bytes(data)
            print(f"round {number} ({names[which]}): {error!r}; the file: {kept}", file=sys.stderr)
            return 1
        took = time.monotonic() - began
        seen[result] += 1
        rounds += 1
        if sandbox._helper is not helper:
            helper, helpers = sandbox._helper, helpers + 1
        if len(slowest) < 10 or took > slowest[-1][0]:
            slowest = sorted([*slowest, (took, f"round {number}, {names[which]}: {result}")], reverse=True)[:10]
        if chosen.only is not None:
            print(f"{names[which]}: {result} in {took * 1000:.0f} ms")
            return 0
        number += 1
    print(f"{rounds} files in {chosen.minutes:g} minutes, nothing uncaught; {helpers} changes of the helper process")
    print(", ".join(f"{code} {count}" for code, count in seen.most_common()))
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB; slowest:")
    print("\n".join(f"  {took * 1000:6.0f} ms  {what}" for took, what in slowest))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
