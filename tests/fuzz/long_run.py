#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libFuzzer for so many seconds on each target, one after another: a JSON line for each.

usage: CENTRO_BUILD=DIR long_run.py SECONDS [TARGET...]

DIR is a build with -Dfuzz=true. What was found is kept in DIR/corpus/TARGET, and what
fails in DIR/TARGET-crash-...: then the exit status is 1.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# One that takes so long does not end; and what "entropic" reckons takes longer than most runs.
LIMITS = ["-entropic=0", "-timeout=60", "-rss_limit_mb=4096"]
# Longer inputs cost more than they find.
SIZE_MAX = {"commands": 600, "grpc_service": 1500}
SIZE_MAX_OTHERS = 4096
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def _last(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(build, target, seconds):
    """The line of one target."""
    found = build / "corpus" / target
    found.mkdir(parents=True, exist_ok=True)
    command = [
        build / "tests/fuzz" / f"fuzz_{target}", *LIMITS, f"-max_total_time={seconds}",
        f"-max_len={SIZE_MAX.get(target, SIZE_MAX_OTHERS)}",
        "-print_final_stats=1", f"-artifact_prefix={build}/{target}-",
        found, HERE / "corpus" / target,
    ]
    result = subprocess.run(
        [str(word) for word in command], env={**os.environ, **SANITIZERS},
        stderr=subprocess.PIPE, check=False,
    )
    log = result.stderr.decode(errors="replace")
    if result.returncode != 0:
        sys.stderr.write(log[-8000:])
    return {
        "target": target,
        "seconds": seconds,
        "executions": _last(r"number_of_executed_units: (\d+)", log),
        "edges": _last(r"cov: (\d+)", log),
        "failed": result.returncode != 0,
    }


def main(seconds, *targets):
    build = pathlib.Path(os.environ["CENTRO_BUILD"])
    names = targets or sorted(path.name for path in (HERE / "corpus").iterdir())
    lines = []
    for target in names:
        lines.append(run(build, target, int(seconds)))
        print(json.dumps(lines[-1]), flush=True)
    return 1 if any(line["failed"] for line in lines) else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
