#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Nodes that are drained while jobs run on them, and servers and agents that come and go meanwhile."""
import os
import time
import unittest

from harness import Cluster, wait_until

LONG = ("--", "sh", "-c", "trap 'echo term; exit 0' TERM; sleep 300 & wait")


class Drain(Cluster):
    def node(self, name="n1"):
        return self.json("node", "show", name)

    def wait_for_attempt(self, job, number):
        def runs():
            instance = self.show(job)["instances"][0]
            return instance["attempt"] == number and instance["state"] == "running"
        wait_until(runs, 20, f"attempt {number} of job {job} runs")
        return self.show(job)["instances"][0]

    def test_what_runs_may_end_and_nothing_new_starts(self):
        self.server()
        self.agent("n1")
        mark = os.path.join(self.folder, "go")
        runs = self.submit("--", "sh", "-c", f"while [ ! -e {mark} ]; do sleep 0.1; done; exit 4")
        self.wait_for_state(runs, "running")
        self.assertEqual(self.centro("node", "drain", "n1", "--reason", "new disk", check=0).stdout, b"n1\n")
        node = self.node()
        self.assertEqual(node["state"], "draining")
        self.assertEqual(node["drain"]["reason"], "new disk")
        self.assertNotIn("deadline", node["drain"])
        text = self.centro("node", "show", "n1", check=0).stdout.decode()
        self.assertRegex(text, r"(?m)^reason +new disk$")

        waits = self.submit("--", "true")
        time.sleep(1)
        self.assertEqual(self.show(waits)["state"], "pending")
        self.assertEqual(self.show(waits)["pending_reason"], "none of 1 node is ready: 1 is draining")
        with open(mark, "w", encoding="ascii"):
            pass
        self.assertEqual(self.wait_for_state(runs, "failed")["exit_code"], 4)
        self.assertEqual(self.show(waits)["state"], "pending")
        self.centro("node", "undrain", "n1", check=0)
        self.wait_for_state(waits, "succeeded")
        self.assertNotIn("drain", self.node())

    def test_at_the_deadline_it_is_killed_and_runs_elsewhere(self):
        self.server()
        self.agent("n1")
        job = self.submit(*LONG)
        self.wait_for_attempt(job, 1)
        self.agent("n2")
        wait_until(lambda: len(self.json("node", "list")) == 2, 10, "both nodes are there")
        self.centro("node", "drain", "n1", "--deadline", "1s", "--wait", check=0)
        self.assertEqual(self.node().get("attempts", 0), 0)
        self.assertTrue(self.node()["drain"]["over"])
        instance = self.wait_for_attempt(job, 2)
        self.assertEqual((instance["node"], instance.get("lost", 0)), ("n2", 0))
        self.assertEqual(self.centro("logs", f"{job}.main.0/1", check=0).stdout, b"term\n")

    def test_at_once(self):
        self.server()
        self.agent("n1")
        job = self.submit(*LONG)
        self.wait_for_attempt(job, 1)
        self.centro("node", "drain", "n1", "--deadline", "now", "--wait", check=0)
        record = self.show(job)
        self.assertEqual((record["state"], record["instances"][0]["cause"]), ("pending", "drained"))
        self.centro("node", "undrain", "n1", check=0)
        self.wait_for_attempt(job, 2)

    def test_a_server_that_dies_meanwhile(self):
        server = self.server()
        self.agent("n1")
        job = self.submit(*LONG)
        self.wait_for_attempt(job, 1)
        self.agent("n2")
        self.centro("node", "drain", "n1", "--deadline", "2s", check=0)
        server.kill()
        time.sleep(1)
        server.start()
        self.wait_for_port(server)
        self.assertEqual(self.node()["state"], "draining")
        self.assertEqual(self.wait_for_attempt(job, 2)["node"], "n2")
        server.kill()
        server.start()
        self.wait_for_port(server)
        self.assertTrue(self.node()["drain"]["over"])
        self.assertEqual(self.show(job)["instances"][0]["attempt"], 2)

    def test_an_agent_that_comes_back_is_drained_still(self):
        self.server("--node-timeout", "2s")
        agent = self.agent("n1")
        self.centro("node", "drain", "n1", check=0)
        agent.kill()
        wait_until(lambda: self.node()["state"] == "down", 15, "the node is down")
        self.assertIn("drain", self.node())
        agent.start()
        wait_until(lambda: self.node()["state"] == "draining", 15, "the node is drained again")
        job = self.submit("--", "true")
        time.sleep(1)
        self.assertEqual(self.show(job)["state"], "pending")
        self.centro("node", "undrain", "n1", check=0)
        self.wait_for_state(job, "succeeded")

    def test_what_makes_no_sense_is_refused(self):
        self.server()
        self.agent("n1")
        self.assertIn(b"no such node", self.centro("node", "drain", "n9", check=120).stderr)
        self.assertIn(b"--deadline: soon", self.centro("node", "drain", "n1", "--deadline", "soon", check=2).stderr)
        self.assertIn(b"which node?", self.centro("node", "drain", check=2).stderr)
        self.assertIn(b"no flags of its own", self.centro("node", "undrain", "n1", "--wait", check=2).stderr)


if __name__ == "__main__":
    unittest.main()
