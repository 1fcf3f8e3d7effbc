#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a user does first: run a command, and see its output, its exit code and its record."""
import os
import signal
import subprocess
import time
import unittest

from harness import CLI, Cluster, SLOW, wait_until


class Strict(Cluster):
    def test_nothing_passes_a_job_that_does_not_fit(self):
        self.server("--order", "fifo")
        self.agent()
        large = self.submit("--cpu", "3", "--", "true")
        small = self.submit("--cpu", "1", "--", "true")
        self.assertIn(f"job {large} goes first", self.show(small)["pending_reason"])
        self.assertNotIn("instances", self.show(small))
        self.agent("n2", cpu="3")
        self.wait_for_state(large, "succeeded")
        self.wait_for_state(small, "succeeded")

    def test_an_order_that_is_none_is_refused(self):
        server = self.start("centrod", "centrod", "--storage", "memory:", "--order", "lifo")
        self.assertEqual(server.process.wait(10 * SLOW), 2)
        self.assertIn("say fill or fifo", server.output())


class Run(Cluster):
    def setUp(self):
        super().setUp()
        self.server()
        self.agent()

    def test_both_streams_and_the_exit_code_come_back(self):
        result = self.centro("run", "--", "sh", "-c", "echo out; echo err >&2; exit 7", check=7)
        self.assertEqual(result.stdout, b"out\n")
        self.assertIn(b"err\n", result.stderr)
        self.assertNotIn(b"out", result.stderr)

    def test_a_signal_is_128_and_its_number(self):
        self.centro("run", "--", "sh", "-c", "kill -TERM $$", check=143)

    def test_output_is_byte_for_byte(self):
        result = self.centro("run", "--", "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' 'x'; printf '\\000\\377'",
                             check=0)
        self.assertEqual(len(result.stdout), 3000002)
        self.assertEqual(result.stdout[-2:], b"\x00\xff")

    def test_a_missing_command_says_so(self):
        result = self.centro("run", "--", "/no/such/program")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(b"/no/such/program", result.stderr)

    def test_environment_and_directory(self):
        result = self.centro("run", "--env", "GREETING=hi there", "--dir", "/tmp", "--name", "env",
                             "--", "sh", "-c", "echo \"$GREETING|$PWD|$CENTRO_JOB_NAME|$CENTRO_SERVER_ADDR\"", check=0)
        self.assertEqual(result.stdout, b"hi there|/tmp|env|\n")

    def test_the_record_tells(self):
        job = self.submit("--name", "told", "--", "sh", "-c", "exit 3")
        record = self.wait_for_state(job, "failed")
        self.assertEqual(record["exit_code"], 3)
        self.assertEqual(record["spec"]["name"], "told")
        self.assertEqual(record["instances"][0]["node"], "n1")
        self.assertEqual(record["instances"][0]["cause"], "exited")
        self.centro("wait", job, check=3)
        listed = self.json("ps", "-a")
        self.assertIn(job, [row["id"] for row in listed])
        self.assertNotIn(job, [row["id"] for row in self.json("ps")])

    def test_the_past_is_asked_by_time(self):
        job = self.submit("--", "true")
        self.wait_for_state(job, "succeeded")

        def ids(*flags):
            return [row["id"] for row in self.json("ps", *flags)]

        self.assertIn(job, ids("--ended-since", "1h"))
        self.assertNotIn(job, ids("--ended-until", "1h"))
        self.assertIn(job, ids("-a", "--since", "2h"))
        self.assertNotIn(job, ids("-a", "--until", "2026-01-31T09:30:00Z"))
        self.assertNotIn(job, ids("--since", "2h"))
        said = self.centro("ps", "--since", "yesterday", check=2)
        self.assertIn(b"yesterday", said.stderr)

    def test_cancel_kills_the_whole_tree(self):
        mark = os.path.join(self.folder, "tree")
        job = self.submit("--grace", "1s", "--", "sh", "-c",
                          f"trap '' TERM; setsid sh -c 'echo $$ > {mark}; sleep 300' & sleep 300")
        wait_until(lambda: os.path.exists(mark) and os.path.getsize(mark), 10, "the tree runs")
        with open(mark, encoding="ascii") as pid_file:
            pid = int(pid_file.read())
        self.centro("cancel", job, check=0)
        record = self.wait_for_state(job, "cancelled")
        self.assertEqual(record["instances"][0]["cause"], "cancel")
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 5, "the whole tree is gone")
        self.centro("wait", job, check=123)

    def test_a_gang_waits_for_room_for_all_of_it(self):
        job = self.submit("--gang", "--count", "3", "--cpu", "1", "--", "true")
        wait_until(lambda: "a gang, of which 2 of 3 could be placed now" in self.show(job).get("pending_reason", ""),
                   5, "the gang is explained")
        self.assertNotIn("instances", self.show(job))
        self.agent("n2", cpu="1")
        record = self.wait_for_state(job, "succeeded")
        self.assertEqual(len(record["instances"]), 3)
        self.assertEqual(len({row["assign_time"] for row in record["instances"]}), 1)

    def test_a_time_limit_ends_it(self):
        job = self.submit("--time-limit", "1s", "--grace", "1s", "--", "sleep", "300")
        self.wait_for_state(job, "timeout")
        self.centro("wait", job, check=122)

    def test_logs_are_followed_and_kept(self):
        job = self.submit("--", "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done; echo e >&2")
        result = self.centro("logs", "-f", job, check=0)
        self.assertEqual(result.stdout, b"".join(b"line %d\n" % i for i in range(1, 6)))
        self.assertIn(b"e\n", result.stderr)
        self.wait_for_state(job, "succeeded")
        again = self.centro("logs", "--stdout", job, check=0)
        self.assertEqual(again.stdout, result.stdout)

    def test_interrupt_cancels(self):
        process = subprocess.Popen([os.path.join(CLI, "centro"), "run", "--name", "stop-me", "--", "sleep", "300"],
                                   env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: any(row["spec"].get("name") == "stop-me" and row["state"] == "running"
                               for row in self.json("ps")), 10, "it runs")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20 * SLOW)
        self.assertEqual(process.returncode, 123)

    def test_wrong_use_says_what_would_be_right(self):
        for arguments in (["sbumit"], ["run"], ["submit", "/no/such/file.yaml"], ["show"], ["run", "--cpu", "many", "--", "true"]):
            result = self.centro(*arguments)
            self.assertIn(result.returncode, (2, 120), arguments)
            self.assertEqual(result.stdout, b"")
            self.assertTrue(result.stderr.startswith(b"centro"), result.stderr)

    def test_a_job_file(self):
        path = os.path.join(self.folder, "job.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("name: two\ntasks:\n  - name: a\n    command: [sh, -c, 'echo a']\n"
                       "    count: 2\n  - name: b\n    command: [sh, -c, 'exit 4']\n")
        job = self.submit(path)
        record = self.wait_for_state(job, "failed")
        self.assertEqual(len(record["instances"]), 3)
        self.assertEqual(record["exit_code"], 4)
        self.assertEqual(self.centro("logs", f"{job}.a.1", check=0).stdout, b"a\n")
        with open(path, "a", encoding="utf-8") as file:
            file.write("    comand: [true]\n")
        wrong = self.centro("submit", path)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn(b"comand", wrong.stderr)
        self.assertIn(b"command", wrong.stderr)


class Unreachable(Cluster):
    def test_it_says_where_it_looked(self):
        started = time.monotonic()
        result = self.centro("ps", check=125)
        self.assertIn(self.address.encode(), result.stderr)
        self.assertLess(time.monotonic() - started, 15 * SLOW)


class Dev(Cluster):
    def test_a_cluster_in_one_command(self):
        del self.env["CENTRO_SERVER_ADDR"]
        dev = self.start("dev", "centro", "dev")
        wait_until(lambda: os.path.exists(os.path.join(self.folder, "centro", "dev.json")), 10, "dev.json")
        result = self.centro("run", "--", "echo", "hi", check=0)
        self.assertEqual(result.stdout, b"hi\n")
        self.submit("--", "sleep", "300")
        self.assertEqual(dev.stop(), 0, dev.output())
        self.assertFalse(os.path.exists(os.path.join(self.folder, "centro", "dev.json")))


if __name__ == "__main__":
    unittest.main()
