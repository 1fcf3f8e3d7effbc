#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""I1, I2, I4 with real processes: centrod is killed with -9 again and again while clients submit.

Every acknowledged submit is there at the end and ran exactly once. CENTRO_KILL_JOBS says how many.
"""
import collections
import json
import os
import random
import sys
import tempfile
import threading
import time
import unittest
import uuid

from harness import Cluster, SLOW

import grpc
import api

JOBS = int(os.environ.get("CENTRO_KILL_JOBS", "3000"))
CLIENTS = 16
# Jobs a second, of all clients: about as many as run, so that submits go on as long as the kills.
SUBMITS_PER_S = 280
KILL_EVERY_S = (0.3, 2.0)


class Submitter(threading.Thread):
    """Submits its share, each until it is acknowledged, and keeps what was acknowledged."""

    def __init__(self, address, jobs, count, log):
        super().__init__()
        self.address, self.jobs, self.count, self.log = address, jobs, count, log
        self.acked = {}
        self.retries = 0
        self.error = None

    def run(self):
        try:
            options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
            with grpc.insecure_channel(self.address, options) as channel:
                service = api.Service(channel, self.jobs, "JobService")
                started = time.monotonic()
                for i in range(self.count):
                    self.submit(service)
                    ahead = started + i * CLIENTS / SUBMITS_PER_S - time.monotonic()
                    if ahead > 0:
                        time.sleep(ahead)
        except Exception as error:  # reported by the test, which joins this thread
            self.error = error

    def submit(self, service):
        mark = uuid.uuid4().hex
        request = self.jobs.JobSubmitRequest(request_id=mark)
        task = request.job.tasks.add(command=["/bin/sh", "-c", f"echo {mark} $CENTRO_JOB_ID $CENTRO_ATTEMPT >> {self.log}"])
        task.resources.cpu_milli = 1
        while True:
            try:
                self.acked[mark] = service.Submit(request, timeout=5 * SLOW).id
                return
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
                                        grpc.StatusCode.CANCELLED):
                    raise
                self.retries += 1
                time.sleep(0.02)


class KillServer(Cluster):
    def test_every_acknowledged_job_runs_exactly_once(self):
        folder = tempfile.mkdtemp(dir=self.folder)
        jobs, _, _ = api.generate(folder)
        log = os.path.join(self.folder, "ran")
        open(log, "w", encoding="ascii").close()
        server = self.server()
        for name in ("n1", "n2"):
            self.agent(name, cpu="64", memory="64GiB")

        share = [JOBS // CLIENTS + (i < JOBS % CLIENTS) for i in range(CLIENTS)]
        submitters = [Submitter(self.address, jobs, count, log) for count in share]
        started = time.monotonic()
        for submitter in submitters:
            submitter.start()
        kills = 0
        while not self.is_done(submitters, log):
            time.sleep(random.uniform(*KILL_EVERY_S))
            self.assertLess(time.monotonic() - started, (60 + JOBS / 20) * SLOW, self.progress(submitters, log))
            if not self.is_done(submitters, log):
                self.assertTrue(server.is_running(), server.output())
                server.kill()
                kills += 1
                server.start()
        elapsed = time.monotonic() - started
        for submitter in submitters:
            submitter.join()
            self.assertIsNone(submitter.error)
        self.check(submitters, log)
        print(json.dumps({"jobs": JOBS, "seconds": round(elapsed, 1), "kills": kills,
                          "repeated_submits": sum(s.retries for s in submitters)}))
        self.assertGreater(kills, 0)

    def lines(self, log):
        with open(log, encoding="ascii") as file:
            return [line.split() for line in file]

    def is_done(self, submitters, log):
        return not any(s.is_alive() for s in submitters) and len(self.lines(log)) >= JOBS

    def progress(self, submitters, log):
        acked = sum(len(s.acked) for s in submitters)
        return f"{acked} of {JOBS} acknowledged, {len(self.lines(log))} ran"

    def check(self, submitters, log):
        acked = {mark: job for s in submitters for mark, job in s.acked.items()}
        self.assertEqual(len(acked), JOBS)
        self.assertEqual(len(set(acked.values())), JOBS, "one id a job")
        self.wait_for_port(self.programs[0])
        deadline = time.monotonic() + 60 * SLOW
        while self.json("ps", "--limit", "1") and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(self.json("ps"), [], "every job has ended")
        ran = collections.Counter(line[0] for line in self.lines(log))
        self.assertEqual({mark: count for mark, count in ran.items() if count != 1}, {}, "ran exactly once")
        self.assertEqual(set(ran), set(acked), "ran: those acknowledged, and no other")
        self.check_records(acked)

    def check_records(self, acked):
        listed = {}
        for row in self.json("ps", "-a", "--limit", str(JOBS * 2)):
            listed[int(row["id"])] = row["state"]
        self.assertEqual(set(acked.values()) - set(listed), set(), "every acknowledged job is listed")
        self.assertEqual({listed[job] for job in acked.values()}, {"succeeded"})


if __name__ == "__main__":
    sys.exit(unittest.main())
