"""Check a data set before anything is learnt from it: ``python -m ml.audit DIR [--json FILE|-]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.data.audit import audit
from ml.errors import MLError
from ml.files import write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: 0 if the data is fit for training, 1 if not, 2 if there is nothing to audit."""
    commands = argparse.ArgumentParser(prog="python -m ml.audit", description="Audit a data set.")
    commands.add_argument("data", type=Path, help="folder CLASS/* or split/CLASS/*, or a CSV")
    commands.add_argument("--json", metavar="FILE", help="write the findings as JSON; - is the standard output")
    given = commands.parse_args(arguments)
    if given.json not in (None, "-") and not Path(given.json).parent.is_dir():
        commands.error(f"there is no folder {Path(given.json).parent} to write {Path(given.json).name} to")
    try:
        found = audit(given.data)
        if given.json not in (None, "-"):
            write_json(Path(given.json), found.as_json())
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if given.json == "-":
        print(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
    else:
        print(found.as_text())
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
