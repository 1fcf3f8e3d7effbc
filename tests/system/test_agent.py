#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Agents and servers that come and go while jobs run."""
import os
import signal
import time
import unittest

from harness import Cluster, SLOW, wait_until


class Agent(Cluster):
    def test_a_job_goes_on_while_the_server_is_away(self):
        server = self.server()
        self.agent()
        job = self.submit("--", "sh", "-c", "sleep 2; exit 9")
        self.wait_for_state(job, "running")
        server.kill()
        time.sleep(3 * SLOW)
        server.start()
        self.wait_for_port(server)
        record = self.wait_for_state(job, "failed")
        self.assertEqual((record["exit_code"], record["instances"][0]["attempt"]), (9, 1))

    def test_an_agent_that_was_killed_finds_its_jobs_again(self):
        self.server()
        agent = self.agent()
        short = self.submit("--", "sh", "-c", "sleep 1; exit 5")
        long = self.submit("--", "sh", "-c", "sleep 4; echo still here; exit 6")
        self.wait_for_state(short, "running")
        self.wait_for_state(long, "running")
        agent.kill()
        time.sleep(1.5)
        agent.start()
        record = self.wait_for_state(short, "failed")
        self.assertEqual((record["exit_code"], record["instances"][0]["attempt"]), (5, 1))
        record = self.wait_for_state(long, "failed")
        self.assertEqual((record["exit_code"], record["instances"][0]["attempt"]), (6, 1))
        self.assertEqual(self.centro("logs", long, check=0).stdout, b"still here\n")

    def test_a_lost_node_is_replaced_after_the_lease_and_never_overlaps(self):
        self.server("--node-timeout", "3s")
        first = self.agent("n1")
        log = os.path.join(self.folder, "beats")
        job = self.submit("--lease", "3s", "--", "sh", "-c",
                          f"trap '' TERM; for i in $(seq 40); do echo \"$CENTRO_NODE $(date +%s%N)\" >> {log}; sleep 0.1; done")
        self.wait_for_state(job, "running")
        self.agent("n2")
        # Stopped, not killed: only the shim's own timer can end the attempt.
        first.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: self.show(job)["instances"][0].get("attempt") == 2, 30, "it is granted again")
            record = self.wait_for_state(job, "succeeded", seconds=30)
        finally:
            first.process.send_signal(signal.SIGCONT)
        self.assertEqual(record["instances"][0]["node"], "n2")
        beats = {"n1": [], "n2": []}
        with open(log, encoding="ascii") as lines:
            for line in lines:
                node, at = line.split()
                beats[node].append(int(at))
        self.assertTrue(beats["n1"] and beats["n2"])
        self.assertLess(max(beats["n1"]), min(beats["n2"]), "no two of the same instance at once (I4)")

    def test_two_agents_of_one_name(self):
        self.server()
        self.agent("n1")
        second = self.start("imposter", "centro-agent", "--name", "n1", "--state-dir",
                            os.path.join(self.folder, "other"))
        wait_until(lambda: not second.is_running() or "n1" in second.output(), 15, "the second is told")
        time.sleep(1)
        self.assertEqual(len(self.json("node", "list")), 1)
        self.centro("run", "--", "true", check=0)

    def test_a_followed_job_survives_a_restart_of_the_server(self):
        server = self.server()
        self.agent()
        import subprocess
        from harness import CLI
        process = subprocess.Popen([os.path.join(CLI, "centro"), "run", "--", "sh", "-c",
                                    "for i in $(seq 30); do echo line $i; sleep 0.1; done; exit 3"],
                                   env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        server.kill()
        time.sleep(0.5)
        server.start()
        out, err = process.communicate(timeout=60 * SLOW)
        self.assertEqual(process.returncode, 3, err.decode())
        self.assertEqual(out, b"".join(b"line %d\n" % i for i in range(1, 31)))

    def test_nothing_is_left_when_a_job_has_ended(self):
        self.server()
        self.agent()
        mark = f"{self.folder}/mark"
        self.centro("run", "--", "sh", "-c", f"(setsid sh -c 'echo $$ > {mark}; sleep 300') & sleep 0.5", check=0)
        with open(mark, encoding="ascii") as file:
            pid = int(file.read())
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the daemon that it left is gone (I15)")


if __name__ == "__main__":
    unittest.main()
