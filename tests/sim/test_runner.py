#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the seed runner promises: the same seed, the same run; a failure names the
command that shows it again; a shrunk one still fails.

usage: test_runner.py SIM SIM_PLANTED
"""
import json
import os
import re
import shlex
import subprocess
import sys
import unittest

SIM, PLANTED = sys.argv[1:3]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=250)


def command_of(output, program):
    """The command that a failure names, with the program of this build."""
    words = shlex.split(re.search(r"^  (build/tests/sim/.*)$", output, re.M).group(1))
    return [program] + words[1:]


class Runner(unittest.TestCase):
    def test_the_same_seed_gives_the_same_run(self):
        first, again, other = (run(SIM, "--seed", seed) for seed in ("7", "7", "8"))
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stdout.split("\n")[0], again.stdout.split("\n")[0])
        self.assertNotEqual(first.stdout.split("\n")[0], other.stdout.split("\n")[0])

    def test_a_timeline_does_not_change_the_run(self):
        trace = re.search(r"trace (\w+)", run(SIM, "--seed", "7").stdout).group(1)
        told = run(SIM, "--seed", "7", "--timeline").stdout
        self.assertIn(f"trace {trace}", told)
        self.assertRegex(told, r"\n +\d+\.\d{6}  agent \d+: starts \d+\.\d+\.\d+/\d+\n")

    def test_every_kind_of_fault_happens(self):
        totals = json.loads(run(SIM, "--seeds", "40", "--json").stdout)
        missing = [kind for kind, count in totals["faults"].items() if count == 0]
        self.assertEqual(missing, [])
        self.assertGreater(totals["recoveries"], 40)
        self.assertGreater(totals["attempts"], totals["jobs"])

    def test_a_failure_names_the_command_that_shows_it_again(self):
        failed = run(PLANTED, "--plant", "history-not-written")
        self.assertEqual(failed.returncode, 1)
        promise = re.search(r"seed 1: (I\d+) is broken", failed.stderr).group(1)
        again = run(*command_of(failed.stderr, PLANTED))
        self.assertEqual(again.returncode, 1)
        self.assertIn(f"BROKEN {promise}", again.stdout)

    def test_an_assertion_names_the_command_too(self):
        failed = run(PLANTED, "--plant", "answer-with-commit-under-way")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("assertion failed", failed.stderr)
        self.assertIn("assertion failed", run(*command_of(failed.stderr, PLANTED)).stderr)

    def test_a_shrunk_failure_still_fails_and_is_shorter(self):
        whole = run(PLANTED, "--plant", "kill-not-sent-again", "--seeds", "50")
        self.assertEqual(whole.returncode, 1, whole.stderr)
        seed = re.search(r"seed (\d+):", whole.stderr).group(1)
        shrunk = run(PLANTED, "--plant", "kill-not-sent-again", "--seed", seed, "--shrink")
        left, planned = map(int, re.search(r"(\d+) of (\d+) faults are left", shrunk.stderr).groups())
        self.assertLess(left, planned)
        again = run(*command_of(shrunk.stderr, PLANTED))
        self.assertIn("BROKEN I9", again.stdout)
        self.assertLess(again.stdout.count("\n"),
                        run(*command_of(whole.stderr, PLANTED)).stdout.count("\n"))

    def test_bad_arguments_are_refused(self):
        for arguments in (["--seed", "x"], ["--faults", "earthquake"], ["seven"], ["--plant", "x"]):
            self.assertEqual(run(SIM, *arguments).returncode, 2, arguments)
        self.assertEqual(run(PLANTED, "--plant", "nothing-like-it").returncode, 2)
        self.assertIn("cut-one-way", run(SIM, "--faults", "list").stdout)


if __name__ == "__main__":
    if not os.access(SIM, os.X_OK):
        sys.exit(f"{SIM}: not a program")
    unittest.main(argv=[sys.argv[0]], verbosity=1)
