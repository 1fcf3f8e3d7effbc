#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""I6 with real processes: a node never runs more than it offers, and what cannot fit says why."""
import os
import re
import unittest

from harness import Cluster, wait_until


class Capacity(Cluster):
    def setUp(self):
        super().setUp()
        self.server()
        self.agent("n1", cpu="2")
        self.agent("n2", cpu="2")

    def test_never_more_than_two_at_once_on_either(self):
        log = os.path.join(self.folder, "overlap")
        jobs = [self.submit("--cpu", "1", "--memory", "1MiB", "--", "sh", "-c",
                            f'echo "b $CENTRO_NODE" >> {log}; sleep 0.2; echo "e $CENTRO_NODE" >> {log}')
                for _ in range(24)]
        for job in jobs:
            self.wait_for_state(job, "succeeded", seconds=60)
        running, most = {}, {}
        with open(log, encoding="ascii") as lines:
            for line in lines:
                mark, node = line.split()
                running[node] = running.get(node, 0) + (1 if mark == "b" else -1)
                most[node] = max(most.get(node, 0), running[node])
        self.assertEqual(set(most), {"n1", "n2"})
        self.assertTrue(all(count <= 2 for count in most.values()), most)
        self.assertTrue(all(count == 0 for count in running.values()), running)

    def test_what_never_fits_says_why_and_holds_nobody_up(self):
        job = self.submit("--cpu", "64", "--", "true")
        self.centro("run", "--", "true", check=0)
        record = self.show(job)
        self.assertEqual(record["state"], "pending")
        self.assertRegex(record["pending_reason"], r"64|cpu|core")
        shown = self.centro("show", job, check=0).stdout.decode()
        self.assertIn(record["pending_reason"].split(";")[0][:20], re.sub(r"\s+", " ", shown))
        self.centro("cancel", job, check=0)

    def test_datacenters_are_kept(self):
        self.agent("n3", "--datacenter", "eu", cpu="2")
        result = self.centro("run", "--datacenter", "eu", "--", "sh", "-c", "echo $CENTRO_NODE", check=0)
        self.assertEqual(result.stdout, b"n3\n")
        job = self.submit("--datacenter", "mars", "--", "true")
        wait_until(lambda: "mars" in self.show(job).get("pending_reason", ""), 5, "it says why")

    def test_priority_goes_first(self):
        blockers = [self.submit("--cpu", "2", "--", "sleep", "2") for _ in range(2)]
        for job in blockers:
            self.wait_for_state(job, "running")
        order = os.path.join(self.folder, "order")
        jobs = [self.submit("--cpu", "2", "--memory", "600MiB", "--priority", str(p), "--", "sh", "-c",
                            f"echo {p} >> {order}; sleep 0.3") for p in (0, 5, 10, -3)]
        for job in jobs:
            self.wait_for_state(job, "succeeded", seconds=30)
        with open(order, encoding="ascii") as lines:
            ran = [int(line) for line in lines]
        self.assertEqual(set(ran[:2]), {10, 5})
        self.assertEqual(set(ran[2:]), {0, -3})


if __name__ == "__main__":
    unittest.main()
