#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""centro schedule: what docs/schedules.md shows is what is printed, and what is refused.

usage: test_schedule.py, with CENTRO_BUILD and CENTRO_SOURCE
"""
import json
import os
import pathlib
import re
import subprocess
import unittest

CLI = os.path.join(os.environ.get("CENTRO_BUILD", "build"), "cli")
DOCS = pathlib.Path(os.environ.get("CENTRO_SOURCE", "."), "docs", "schedules.md")


def run(*args):
    done = subprocess.run(
        [os.path.join(CLI, "centro"), "schedule", *args], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def examples():
    """(command, what it prints) of the console blocks."""
    for block in re.findall(r"```console\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


class Schedule(unittest.TestCase):
    def test_what_the_docs_show(self):
        env = {**os.environ, "PATH": CLI + os.pathsep + os.environ["PATH"]}
        shown = list(examples())
        self.assertGreaterEqual(len(shown), 7)
        for command, output in shown:
            with self.subTest(command):
                done = subprocess.run(command, shell=True, env=env, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=60)
                self.assertEqual(done.stdout, output)

    def test_ten_times_from_now_on_in_utc(self):
        code, out, _ = run("next", "*/7 * * * *", "-o", "json")
        times = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual(len(times), 10)
        self.assertTrue(all(t["local_time"] == t["time"].replace("Z", "+00:00") for t in times))
        self.assertEqual(sorted(t["time"] for t in times), [t["time"] for t in times])

    def test_every_counts_from_after(self):
        code, out, _ = run("next", "@every 1m30.5s", "-q", "-n", "2", "--after",
                           "2026-11-24T00:00:00Z")
        self.assertEqual(code, 0)
        self.assertEqual(out, "2026-11-24T00:01:30.500000000Z\n2026-11-24T00:03:01Z\n")

    def test_fewer_when_there_are_no_more(self):
        code, out, _ = run("next", "0 0 29 2 *", "-q", "--after", "2540-01-01T00:00:00Z")
        self.assertEqual((code, out.split("\n")[0], out.count("\n")),
                         (0, "2540-02-29T00:00:00Z", 4))

    def refused(self, expected, *args):
        code, out, err = run(*args)
        self.assertEqual((code, out), (2, ""), args)
        self.assertIn(expected, err)

    def test_what_is_refused(self):
        self.refused("say: centro schedule next")
        self.refused("say: centro schedule next", "last", "@daily")
        self.refused("One expression, in quotes", "next", "0", "0", "*", "*", "*")
        self.refused("there are 2 fields", "next", "0 0")
        self.refused("there is no \"Europe/Paradise\"", "next", "@daily", "--zone",
                     "Europe/Paradise")
        self.refused("there is no \"/etc/passwd\"", "next", "@daily", "--zone", "/etc/passwd")
        self.refused("there is no \"../../../etc/passwd\"", "next", "@daily", "--zone",
                     "../../../etc/passwd")
        self.refused("is no zone", "next", "@daily", "--zone", "Europe")
        self.refused("is no time", "next", "@daily", "--after", "2026-11-24T00:00:00+01:00")
        self.refused("is no time", "next", "@daily", "--after", "soon")
        self.refused("--count", "next", "@daily", "-n", "0")


if __name__ == "__main__":
    unittest.main()
