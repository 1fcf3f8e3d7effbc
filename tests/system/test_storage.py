#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One writer a store, nothing lost over a restart, and no start on what cannot be read."""
import os
import subprocess
import unittest

from harness import CLI, Cluster, SLOW, free_port


class Storage(Cluster):
    def refused(self, *arguments):
        result = subprocess.run([os.path.join(CLI, "centrod"), *arguments], env=self.env, timeout=20 * SLOW,
                                capture_output=True, check=False)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr.decode()

    def test_a_second_server_on_one_path_is_refused(self):
        first = self.server()
        text = self.refused("--storage", f"file:{self.store}", "--listen", f"127.0.0.1:{free_port()}")
        self.assertIn(self.store, text)
        self.assertIn(str(first.process.pid), text)
        self.assertIn("in use", text)
        self.assertTrue(first.is_running())

    def test_a_port_in_use_is_named(self):
        self.server()
        text = self.refused("--storage", "memory:", "--listen", self.address)
        self.assertIn(self.address, text)
        self.assertIn("in use", text)

    def test_an_open_address_needs_a_word(self):
        text = self.refused("--storage", "memory:", "--listen", f"0.0.0.0:{free_port()}")
        self.assertIn("--insecure", text)

    def test_jobs_survive_a_clean_restart(self):
        server = self.server()
        waiting = [self.submit("--", "true") for _ in range(20)]
        self.assertEqual(server.stop(), 0, server.output())
        server.start()
        self.wait_for_port(server)
        self.assertEqual({row["id"] for row in self.json("ps")}, set(waiting))
        self.agent(cpu="8")
        for job in waiting:
            self.wait_for_state(job, "succeeded")
        again = self.submit("--", "true")
        self.assertGreater(int(again), max(map(int, waiting)))

    def test_history_is_kept_to_a_number(self):
        server = self.server("--history-keep", "3", "--history-age", "1h")
        self.agent(cpu="8")
        jobs = [self.submit("--", "true") for _ in range(10)]
        for job in jobs:
            self.wait_for_state(job, "succeeded")
        # What has just ended is also in memory.
        self.assertEqual(server.stop(), 0, server.output())
        server.start()
        self.wait_for_port(server)
        for _ in range(3):
            self.wait_for_state(self.submit("--", "true"), "succeeded")
        said = self.centro("show", jobs[0]).stderr.decode()
        self.assertIn("the last 3 are, for 1h", said)
        self.assertLess(len(self.json("ps", "-a")), 10)
        self.assertIn("not a number of jobs", self.refused("--storage", "memory:", "--history-keep", "-1"))

    def test_rubbish_is_no_store(self):
        os.mkdir(self.store)
        with open(os.path.join(self.store, "data.mdb"), "wb") as file:
            file.write(os.urandom(8192))
        text = self.refused("--storage", f"file:{self.store}", "--listen", self.address)
        self.assertIn(self.store, text)

    def config(self, text):
        path = os.path.join(self.folder, "config.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_config_file_stands_below_the_flags(self):
        path = self.config(f"storage: file:{self.store}\nlisten: [127.0.0.1:1, 127.0.0.1:2]\nqueue:\n  - fast:2:10\n")
        server = self.start("centrod", "centrod", "--config", path, "--listen", self.address)
        self.wait_for_port(server)
        self.submit("--queue", "fast", "--", "true")
        for text, wrong in (("lisen: a", "lisen"), ("storage: {a: b}", "storage"), ("insecure: maybe", "maybe"),
                            ("help: true", "help"), ("node-timeout: soon", "soon")):
            said = self.refused("--config", self.config(text))
            self.assertIn(wrong, said)
            self.assertIn("config.yaml:1", said)
        self.assertIn("--help", self.refused("--no-such-flag"))

    def test_no_storage_and_wrong_storage(self):
        self.assertIn("--storage", self.refused("--listen", self.address))
        self.assertIn("file:", self.refused("--storage", "floppy:a", "--listen", self.address))


if __name__ == "__main__":
    unittest.main()
