#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""P11: jobs of `true` a second through one real agent and a server with a file store.

The baseline waits for one fdatasync a job and starts the same number of processes
(two: the shim and the command) in a bare loop, one after another.
"""
import json

import bench

JOBS = 400
ROUNDS = 3
CORES = 8  # that the agent offers: jobs at once


def measure(folder):
    with bench.centrod(folder, f"file:{folder.make('store')}/s") as server, \
            bench.agent(folder, server, "--cpu", str(CORES), "--memory", "64GiB"):
        return json.loads(bench.run([bench.built("tests", "bench", "job_rate"), str(server.port),
                                     str(JOBS), folder.make("scratch")], timeout=120))


def main():
    with bench.Folder() as folder:
        same = bench.Figure("P11", "jobs of true through one agent", "jobs/s", aim=0.8,
                            disk=folder.disk)
        single = bench.Figure("P11", "jobs of true through one agent", "jobs/s", disk=folder.disk)
        for number in range(ROUNDS):
            result = measure(folder)
            bench.log(f"round {number + 1}: {result}")
            same.add(result["centro"], result["bare"])
            single.add(result["centro"], result["bare_single"])
        same.print("loop of fdatasync + 2 fork + exec")
        single.print("loop of fdatasync + 1 fork + exec")


if __name__ == "__main__":
    main()
