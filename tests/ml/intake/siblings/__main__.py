"""Print the table of kinds and siblings: wanted, found, right or wrong."""

from __future__ import annotations

from tests.ml.intake.siblings import KINDS, cases


def main() -> int:
    """The exit status counts what is wrong."""
    wrong = 0
    for case in (case for kind in KINDS for case in cases(kind)):
        right, found = case.found()
        wrong += not right
        wanted = " ".join(case.wanted) if isinstance(case.wanted, tuple) else f"film within {case.within:g}"
        print("ok   " if right else "WRONG", f"{case.kind} | {case.name} | {wanted} {case.notice}| {found}")
    print(wrong, "wrong")
    return wrong


if __name__ == "__main__":
    raise SystemExit(bool(main()))
