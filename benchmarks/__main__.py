"""``python -m benchmarks [--quick] [--json FILE]``: measure everything, print a table, write a JSON file."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Row, machine, table, write
from benchmarks.timing import LAUNCHED

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"history": "history page", "result": "result page", "waiting": "poll of a waiting page"}
ANSWERS = {"history": 8, "result": 6}  # what a page may cost at most, in answers without a page
ONLY_DECODE = "two cores that only decode"


def run(module: str, *arguments: str) -> dict[str, Any]:
    """Run one measuring process and give back the JSON of its last line."""
    print(f"  measuring: {module} {' '.join(arguments)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    environment = {**os.environ, LAUNCHED: str(time.time())}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def worker_start() -> dict[str, float]:
    """(b) seconds from launching a worker to its being ready with its model, its memory, what imports alone cost."""
    from benchmarks.site import another_worker, running_site
    from benchmarks.timing import median_ms, resident_mb

    times = []
    with running_site() as site:
        for _ in range(3):
            begin = time.perf_counter()
            with another_worker(site) as pid:
                times.append(time.perf_counter() - begin)
                memory = resident_mb(pid)
    imports = [sys.executable, "-c", "import celery.bin.worker, django.db.models, numpy, openvino, redis"]
    import_s = median_ms(lambda: subprocess.run(imports, check=True), 3, 1) / 1000
    return {"start_s": sorted(times)[1], "resident_mb": memory, "import_s": import_s}


def fsync_ms() -> float:
    """One fsync on the disk the repository is on."""
    from benchmarks.timing import median_ms

    with tempfile.NamedTemporaryFile(dir=ROOT) as file:

        def once() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return median_ms(once, 30, 3)


def compare(common: dict[str, Any], ours: dict[str, Any], worker: dict[str, float], whole: dict[str, Any]) -> list[Row]:
    """The figures that have targets."""

    def faster(group: str, what: str, value: float, baseline: float, limit: float, of: str, least: float) -> Row:
        ratio = baseline / value
        return Row(group, what, value, "ms", baseline, ratio, limit, of, f"≥ {least:g}×", ratio >= least)

    def most(
        group: str, what: str, value: float, unit: str, bound: float, limit: float | None = None, of: str = ""
    ) -> Row:
        met = value <= bound
        return Row(group, what, value, unit, limit=limit, limit_of=of, target=f"≤ {bound:g} {unit}", met=met)

    net = 1000 * ours["gmac"] / ours["gmac_per_s"]
    script = 1000 / common["large_film_ms"]
    rate = whole["films_per_s"]
    film, predict = common["film_ms"], common["predict_ms"]
    decode = ours["decode_scaled_ms"]
    inside, alone = ours["store_large_ms"] + ours["engine_ms"], "reading, storing, predicting in one process"
    return [
        faster("a", "bytes → prediction, one by one", ours["film_ms"], film, decode, "scaled decode", 6),
        faster("a", "bytes → prediction, batched", ours["film_batched_ms"], film, decode, "scaled decode", 6),
        faster("a", "the network alone, one film", ours["engine_ms"], predict, net, "multiply-adds", 25),
        faster("a", "the network alone, in eights", ours["engine_batched_ms"], predict, net, "multiply-adds", 25),
        *(Row("a", f"of one by one: {step}", value, "ms") for step, value in ours["steps"].items()),
        most("b", "worker, from start to ready", worker["start_s"], "s", 2, worker["import_s"], "imports alone"),
        most("b", "worker, resident", worker["resident_mb"], "MB", 250),
        Row("b", "from the start of a script to its first answer", ours["start_s"], "s", common["start_s"],
            common["start_s"] / ours["start_s"]),
        Row("b", "that script, resident", ours["resident_mb"], "MB", common["resident_mb"],
            common["resident_mb"] / ours["resident_mb"]),
        Row("c", "end to end over HTTP", rate, "films/s", script, rate / script,
            2000 / ours["large_decode_ms"], ONLY_DECODE, "≥ 1.5×", rate >= 1.5 * script),
        Row("c", "p50 at 80 % of that rate", whole["p50_ms"], "ms", limit=inside, limit_of=alone),
        most("c", f"p95 (sent at {whole['steady_rate']:.1f} films/s)", whole["p95_ms"], "ms", 1000, inside, alone),
        Row("c", "p99 at 80 % of that rate", whole["p99_ms"], "ms", limit=inside, limit_of=alone),
        most("c", "idle system, one film", whole["idle_ms"], "ms", 250, inside, alone),
        Row("c", "one fsync, the least that a stored result can cost", fsync_ms(), "ms"),
    ]  # fmt: skip


def engines(least: float) -> list[Row]:
    """(g) the ways of running the network that the serving engine was chosen from; ``least`` ms of multiply-adds."""
    from benchmarks.engines import WAYS

    found = {way: run("engines", way) for way in WAYS}
    base = found["TensorFlow, model.predict()"]
    rows = []
    for way, one in found.items():
        costs = f", ready in {one['start_s']:.1f} s, {one['resident_mb']:.0f} MB" if "start_s" in one else ""
        for key, what in (("one_ms", f"one film{costs}"), ("eight_ms", "a film of eight")):
            rows.append(
                Row("g", f"{way}: {what}", one[key], "ms", base[key], base[key] / one[key], least, "multiply-adds")
            )
    return rows


def pages(sizes: list[int]) -> list[Row]:
    """(d) and (f): pages over HTTP at growing numbers of rows, against the smallest asked for in turn."""
    found = run("pages", *map(str, sizes))
    rows = []
    for name in ("history", "result", "waiting"):
        for size in sizes:
            page = found[f"{name} {size}"]
            base = page["few_ms"]
            asked = name == "history" and size == 100_000
            what = (
                f"{NAMES[name]}, {size:,} studies: {page['queries']} queries, {page['per_s']:.0f} requests/s "
                f"from {found['clients']} clients; one request"
            )
            limits = (page["empty_ms"], "an answer without a page", "≥ 0.77×" if asked else "")
            met = page["ms"] <= 1.3 * base if asked else None
            rows.append(Row("d", what, page["ms"], "ms", base, base / page["ms"], *limits, met))
            if most := ANSWERS.get(name):
                answers = page["ms"] / page["empty_ms"]
                what = "the same in answers without a page, asked for in turn with it"
                rows.append(Row("d", what, answers, "answers", target=f"≤ {most} answers", met=answers <= most))
    return rows


def growth(whole: dict[str, Any], most: float) -> list[Row]:
    """(f): clients, workers, and the web process's memory over many uploads; ``most`` films/s could be decoded."""
    one, worker = whole["clients"]["1"], whole["films_per_s"]
    runs = [(f"{n} client{'s' if n != '1' else ''} at once", rate, one) for n, rate in whole["clients"].items()]
    runs.append(("two workers on the same two cores", whole["two_workers"], worker))
    rows = [Row("f", what, rate, "films/s", base, rate / base, most, ONLY_DECODE) for what, rate, base in runs]
    (first, base), *later = whole["web_mb"]
    for uploads, memory in later:
        last = uploads == later[-1][0]
        what = f"web process, resident after {uploads:,} uploads (baseline: {first:,})"
        met = memory <= 1.05 * base if last else None
        rows.append(Row("f", what, memory, "MB", base, base / memory, target="≥ 0.95×" if last else "", met=met))
    return rows


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out growth and the other engines")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results.json", metavar="FILE")
    options = parser.parse_args()
    begin, facts = time.perf_counter(), machine()
    # Virtual cores change their speed within minutes, and one side of a ratio is measured before the other: of three
    # pairs, the one whose ratio is in the middle counts.
    pairs = [(run("common_way"), run("one_process")) for _ in range(3)]
    common, ours = sorted(pairs, key=lambda pair: pair[0]["film_ms"] / pair[1]["film_ms"])[1]
    worker = worker_start()
    whole = run("end_to_end", *([] if options.quick else ["growth"]))
    rows = compare(common, ours, worker, whole)
    rows += pages([200, 100_000] if options.quick else [200, 1_000, 10_000, 100_000, 1_000_000])
    rows += [
        Row("e", f"intake, {what}", value, "ms", limit=ours["decode_only"].get(what), limit_of="decoding alone")
        for what, value in ours["intake"].items()
    ]
    if not options.quick:
        rows += growth(whole, 2000 / ours["large_decode_ms"]) + engines(1000 * ours["gmac"] / ours["gmac_per_s"])
    source = f"{ours['source']}, {ours['refused']} of {ours['films']} refused by the gate"
    print(f"{source}; end to end: {whole['source']}; {facts}\n\n{table(rows)}")
    write(options.json, rows, {"machine": facts, "films": source, "large_films": whole["source"]})
    print(f"\n{(time.perf_counter() - begin) / 60:.1f} minutes. Written to {options.json}", file=sys.stderr)


if __name__ == "__main__":
    main()
