#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""I10 with real processes: the event stream, also while centrod is killed with -9 again and again."""
import json
import os
import re
import signal
import sys
import time
import unittest

from harness import Cluster, wait_until

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
KILLS = 4


class Events(Cluster):
    def watcher(self, name, *arguments):
        return self.start(name, "centro", "events", "-f", "-o", "jsonl", *arguments)

    def seen(self, watcher):
        """What it has printed: events, among remarks."""
        lines = watcher.output().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def end(self, watcher):
        watcher.process.send_signal(signal.SIGINT)
        self.assertEqual(watcher.process.wait(10), 0, watcher.output())
        return self.seen(watcher)

    def test_two_watchers_see_the_same_while_the_server_is_killed(self):
        server = self.server()
        self.agent("n1", cpu="8")
        watchers = [self.watcher("w1"), self.watcher("w2")]
        jobs = []
        for _ in range(KILLS):
            jobs += [self.submit("--cpu", "0.1", "--", "true") for _ in range(5)]
            server.kill()
            time.sleep(0.3)
            server.start()
            self.wait_for_port(server)
        jobs.append(self.submit("--cpu", "0.1", "--", "sh", "-c", "exit 3"))
        for job in jobs:
            self.wait_for_state(job, "succeeded", "failed", seconds=60)
        last = int(self.json("events", "--tail", "1")[-1]["number"])
        for watcher in watchers:
            wait_until(lambda w=watcher: int(self.seen(w)[-1]["number"]) >= last, 30, "all events")

        one, two = [self.end(watcher) for watcher in watchers]
        self.assertEqual([int(e["number"]) for e in one], list(range(1, len(one) + 1)), "no gap, no duplicate")
        both = min(len(one), len(two))
        self.assertEqual(one[:both], two[:both])
        self.assertEqual(one[:both], self.json("events")[:both], "what is kept is what was seen")
        for job in jobs:
            kinds = [e["type"] for e in one if e.get("attempt", {}).get("job") == job]
            self.assertEqual([kinds.count(k) for k in ("job_submitted", "job_ended")], [1, 1], job)

    def test_resume_filters_and_what_is_gone(self):
        self.server("--events-keep", "20")
        self.agent("n1")
        self.wait_for_state(self.submit("--name", "a", "--", "true"), "succeeded")
        first = self.submit("--", "sh", "-c", "exit 3")
        self.wait_for_state(first, "failed")
        number = int(self.json("events", "--job", first)[0]["number"])
        self.assertEqual(int(self.json("events", "--since", str(number))[0]["number"]), number)
        kinds = [e["type"] for e in self.json("events", "--job", first)]
        kinds = [k for k in kinds if k != "instance_running"]  # which may come with the end
        self.assertEqual(kinds, ["job_submitted", "instance_assigned", "instance_ended", "job_ended"])
        self.assertEqual({e["node"] for e in self.json("events", "--node", "n1")}, {"n1"})
        self.assertEqual(self.json("events", "--queue", "none"), [])
        table = self.centro("events", "--type", "instance_ended", check=0).stdout.decode()
        self.assertIn("NUMBER", table)
        self.assertRegex(table, rf"instance_ended +{first}\.main\.0/1 +n1 +failed: exit code 3")

        for _ in range(10):
            self.wait_for_state(self.submit("--", "true"), "succeeded")
        gone = self.centro("events", "--since", "1", check=120)
        self.assertRegex(gone.stderr.decode(), r"compacted: the oldest retained event is \d+")
        oldest = int(re.search(r"is (\d+)", gone.stderr.decode()).group(1))
        self.assertGreater(oldest, 20)
        self.assertEqual(int(self.json("events")[0]["number"]), oldest)
        ahead = self.centro("events", "--since", "99999", check=120)
        self.assertIn(b"the next event is only", ahead.stderr)

    def test_usage(self):
        self.server()
        self.assertIn(b"--job 7", self.centro("events", "7", check=2).stderr)
        self.assertIn(b"since", self.centro("events", "--since", "x", check=2).stderr)
        self.assertIn(b"job_ended", self.centro("events", "--type", "job_endet", check=120).stderr)
        self.assertIn(b"node", self.centro("events", "--node", "none", check=120).stderr)
        self.assertEqual(self.json("events"), [])

    def test_every_command_of_the_docs(self):
        self.server()
        self.agent("n1")
        self.wait_for_state(self.submit("--", "true"), "succeeded")
        with open(os.path.join(DOCS, "events.md"), encoding="utf-8") as text:
            commands = re.findall(r"^centro (events.*?)(?: +#.*)?$", text.read(), re.MULTILINE)
        self.assertGreater(len(commands), 4)
        for command in commands:
            words = command.split()
            if "-f" in words:
                program = self.start(command.replace(" ", ""), "centro", *words)
                wait_until(program.output, 10, command)
                program.process.send_signal(signal.SIGINT)
                self.assertEqual(program.process.wait(10), 0, command)
            else:
                self.assertNotEqual(self.centro(*words, check=0).stdout, b"", command)


if __name__ == "__main__":
    sys.exit(unittest.main())
