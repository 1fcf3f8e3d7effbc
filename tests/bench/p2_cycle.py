#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""P2: durable full cycles (submit, push to an agent, claim, done) a second over gRPC.

16 connections keep 16 submits in flight each; four agents, which run nothing, claim
what is pushed to them and report its end. A fresh file store each round, and Redis
and beanstalkd on the same disk in turn with it.
"""
import json
import os
import struct

import bench
import rivals

ROUNDS = 4
WARM_UP_MS = 1000
RUN_MS = 5000
REDIS_COUNT = 40000
BEANSTALKD_COUNT = 1280
REDIS = "redis appendfsync=always LPUSH+BRPOPLPUSH+RPOP"
BEANSTALKD = "beanstalkd -f0 put+reserve+delete"
SUBMITS = f"{rivals.CONNECTIONS}x{rivals.IN_FLIGHT}"


def read_counts(path):
    with open(path, "rb") as file:
        puts, deletes, syncs = struct.unpack("<3Q", file.read(24))
    return {"puts": puts, "deletes": deletes, "syncs": syncs}


def cycles(folder, *flags, run_ms=RUN_MS):
    """What cycle_load says of a fresh server, and what LMDB wrote for a cycle."""
    counts = os.path.join(folder.make("counts"), "lmdb")
    env = {"LD_PRELOAD": bench.built("tests", "bench", "libcount_lmdb.so"),
           "CENTRO_BENCH_COUNTS": counts}
    with bench.centrod(folder, f"file:{folder.make('store')}/s", env) as server:
        result = json.loads(bench.run(
            [bench.built("tests", "bench", "cycle_load"), "-p", str(server.port),
             "-s", str(server.pid), "-c", str(rivals.CONNECTIONS), "-i", str(rivals.IN_FLIGHT),
             "-w", str(WARM_UP_MS), "-t", str(run_ms), *flags]))
        written = read_counts(counts)
    if result["lost"] or result["stale"] or result["denied"]:
        raise SystemExit(f"jobs went astray: {result}")
    result["rate"] = result["cycles"] / result["seconds"]
    for name, count in written.items():
        result[name] = count / result["cycles_in_all"]
    return result


class Figures:
    def __init__(self, disk):
        def figure(case, unit, **more):
            return bench.Figure("P2", case, unit, disk=disk, **more)
        self.redis = figure(SUBMITS, "cycles/s", aim=1)
        self.beanstalkd = figure(SUBMITS, "cycles/s", aim=20)
        self.running = figure(f"{SUBMITS}, each also reported running", "cycles/s")
        self.latency = figure(f"{SUBMITS}, submit latency p50", "us", lower_is_better=True)
        self.tail = figure(f"{SUBMITS}, submit latency p99", "us", lower_is_better=True)
        self.cpu = figure("server CPU a cycle", "us", lower_is_better=True)
        self.puts = figure("puts a cycle", "puts", aim=4, lower_is_better=True)
        self.deletes = figure("deletes a cycle", "deletes", lower_is_better=True)
        self.grouped = figure("cycles a commit", "cycles")

    def add(self, plain, running, redis, beanstalkd):
        redis_rate, redis_latency = redis
        self.redis.add(plain["rate"], redis_rate)
        self.beanstalkd.add(plain["rate"], beanstalkd)
        self.running.add(running["rate"], redis_rate)
        self.latency.add(plain["submit_us_p50"], redis_latency)
        self.tail.add(plain["submit_us_p99"])
        self.cpu.add(plain["server_cpu_us_per_cycle"])
        self.puts.add(plain["puts"])
        self.deletes.add(plain["deletes"])
        self.grouped.add(1 / plain["syncs"])

    def print(self, has_redis, has_beanstalkd):
        self.redis.print(REDIS)
        if not has_redis:
            bench.skip("P2", SUBMITS, "redis is not installed (tools/setup bench)")
        if has_beanstalkd:
            self.beanstalkd.print(BEANSTALKD)
        else:
            bench.skip("P2", SUBMITS, "beanstalkd is not installed (tools/setup bench)")
        self.running.print(REDIS)
        self.latency.print("redis LPUSH latency p50")
        for figure in (self.tail, self.cpu, self.puts, self.deletes, self.grouped):
            figure.print()


def main():
    has_redis = not bench.missing_program("redis-server", "redis-benchmark")
    has_beanstalkd = not bench.missing_program("beanstalkd")
    with bench.Folder() as folder:
        figures = Figures(folder.disk)
        for number in range(ROUNDS):
            plain = cycles(folder)
            redis = beanstalkd = None
            if has_redis:
                with rivals.redis(folder, "redis") as server:
                    redis = rivals.redis_cycles(server, REDIS_COUNT)
            running = cycles(folder, "-r", run_ms=RUN_MS // 2)
            if has_beanstalkd:
                with rivals.beanstalkd(folder, "beanstalkd") as server:
                    beanstalkd = rivals.beanstalkd_cycles(server, BEANSTALKD_COUNT)
            bench.log(f"round {number + 1}: {plain['rate']:.0f} cycles/s, with running "
                      f"{running['rate']:.0f}, redis {redis}, beanstalkd {beanstalkd}")
            figures.add(plain, running, redis or (None, None), beanstalkd)
        figures.print(has_redis, has_beanstalkd)


if __name__ == "__main__":
    main()
