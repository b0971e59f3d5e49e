#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the figures of `make bench` beside their limits: summary.py FOLDER-OF-JSON"""

import json
import pathlib
import sys


MLP_MACS = 512 * 512 + 512 * 256 + 256 * 64 + 64 * 16  # Of BM_LimitMlpArithmetic's sample.


def read(folder):
    """Every benchmark of every file, by its name without the suffixes that Google Benchmark adds."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for entry in json.loads(path.read_text())["benchmarks"]:
            name = entry["name"].split("/min_time")[0].split("/manual_time")[0]
            if not entry.get("error_occurred"):
                found[name] = entry
    return found


def rows(found):
    """(figure, unit, value, limit, what the limit is)"""

    def rate(name, key="items_per_second"):
        return found[name][key] if name in found and key in found[name] else None

    wheel = rate("BM_BareWheelWakeups/1")

    def wheel_samples(name):  # The wake-ups of a sample on a bare wheel, and nothing else.
        wakeups = rate(name, "wakeups_a_sample")
        return wheel / wakeups if wheel and wakeups else None

    arithmetic = rate("BM_LimitMlpArithmetic")
    wheel_text = "its wake-ups on a bare wheel"
    yield "wake-ups, 1 module a cycle", "/s", rate("BM_SchedulerWakeups/1/1"), wheel, "bare wheel"
    yield ("wake-ups, 16 modules a cycle", "/s", rate("BM_SchedulerWakeups/16/1"),
           rate("BM_BareWheelWakeups/16"), "bare wheel")
    yield ("MLP, timing", "samples/s", rate("BM_MlpTiming"), wheel_samples("BM_MlpTiming"),
           wheel_text)
    yield ("", "crossbar products/s", rate("BM_MlpTiming", "crossbar_products_per_s"),
           None, "")
    yield ("MLP, functional, lossless", "samples/s", rate("BM_MlpLossless"), arithmetic,
           "its plain integer products")
    yield ("", "crossbar products/s", rate("BM_MlpLossless", "crossbar_products_per_s"),
           None, "")
    yield ("MLP, functional, lossy", "samples/s", rate("BM_MlpLossy"), None, "")
    yield ("", "crossbar products/s", rate("BM_MlpLossy", "crossbar_products_per_s"), None, "")
    yield ("", "array reads/s", rate("BM_MlpLossy", "array_reads_per_s"),
           rate("BM_LimitMlpPopcount"), "AND + popcount")
    for isa, name in enumerate(("baseline", "AVX2", "AVX-512")):
        yield (f"one lossy array, {name}", "array reads/s", rate(f"BM_LossyArray/isa:{isa}"),
               rate("BM_LimitPopcount"), "AND + popcount")
    for mode in ("Timing", "Functional"):
        yield (f"default DLRM, {mode.lower()}", "samples/s", rate(f"BM_Dlrm{mode}"),
               wheel_samples(f"BM_Dlrm{mode}"), wheel_text)
    yield ("NASRec Criteo, timing", "samples/s", rate("BM_NasrecTiming"),
           wheel_samples("BM_NasrecTiming"), wheel_text)
    macs = rate("BM_NasrecFunctional", "macs_a_sample")
    yield ("NASRec Criteo, functional", "samples/s", rate("BM_NasrecFunctional"),
           arithmetic * MLP_MACS / macs if arithmetic and macs else None,
           "its products at the MLP's plain rate")
    yield ("NASRec Criteo, 64 samples", "runs/s", rate("BM_NasrecCandidate", "runs_per_s"), None, "")
    for trace, name in enumerate(("locality", "topics", "KDD, bags of 1")):
        for key, unit in (("lookups_per_s", "simulated lookups/s"), ("pj_a_lookup", "pJ a lookup")):
            case = f"BM_Lookups/trace:{trace}/array:{{}}/placement:{{}}/iterations:1"
            yield (f"embedding, {name}: co-occurrence in the array", unit,
                   rate(case.format(1, 2), key), rate(case.format(0, 0), key),
                   "naive placement, adders")


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: summary.py FOLDER-OF-JSON")
    found = read(sys.argv[1])
    print(f"{'figure':30} {'unit':20} {'measured':>14} {'limit':>14} {'ratio':>6}  limit is")
    for figure, unit, value, limit, what in rows(found):
        ratio = f"{value / limit:.2f}" if value and limit else "-"
        print(f"{figure:30} {unit:20} {number(value):>14} {number(limit):>14} {ratio:>6}  {what}")


if __name__ == "__main__":
    main()
