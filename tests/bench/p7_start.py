#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""P7: from submit to the first instruction of the command, on an idle cluster.

A real server with a file store and a real agent. The baseline is what nobody can do
without: one fdatasync of 4 KiB, and one fork and exec of the same command.
"""
import json

import bench

JOBS = 200
ROUNDS = 3


def measure(folder):
    with bench.centrod(folder, f"file:{folder.make('store')}/s") as server, \
            bench.agent(folder, server):
        return json.loads(bench.run(
            [bench.built("tests", "bench", "start_latency"), str(server.port), str(JOBS // ROUNDS),
             bench.built("tests", "bench", "first_instruction"), folder.make("scratch")]))


def main():
    with bench.Folder() as folder:
        middle = bench.Figure("P7", "submit to first instruction, p50", "us", aim=3,
                              lower_is_better=True, disk=folder.disk)
        tail = bench.Figure("P7", "submit to first instruction, p99", "us",
                            lower_is_better=True, disk=folder.disk)
        for number in range(ROUNDS):
            result = measure(folder)
            bench.log(f"round {number + 1}: {result}")
            middle.add(result["centro_p50"], result["bare_p50"])
            tail.add(result["centro_p99"], result["bare_p99"])
        middle.print("fdatasync of 4 KiB + fork + exec, p50")
        tail.print("fdatasync of 4 KiB + fork + exec, p99")


if __name__ == "__main__":
    main()
