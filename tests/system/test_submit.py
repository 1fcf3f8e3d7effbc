#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is said of jobs before they are taken, and while somebody waits for them at a terminal."""
import json
import os
import pty
import select
import subprocess
import tempfile
import unittest

import grpc
from google.protobuf import json_format

import api
from harness import CLI, Cluster, SLOW

FINE = {"tasks": [{"command": ["true"]}]}
WRONG = {
    "queue": "nope",
    "priority": 2000,
    "tasks": [
        {"name": "A", "resources": {"named": {"cpu": 1}}, "time_limit": "-1s"},
        {"name": "b", "command": ["true"], "lease": "1s", "working_dir": "tmp"},
    ],
}
PROBLEMS = [
    'tasks[0].time_limit: must be from 0 to 584 years',
    'priority: 2000; it must be between -1000 and 1000',
    'tasks[0].name: "A" is not a name: it must match [a-z][a-z0-9_-]* and have at most 63 bytes',
    'tasks[0].command: empty; it must name a program',
    'tasks[0].resources.named: "cpu" is not a name for a resource: it must match [a-z][a-z0-9_-]*, have at most '
    '63 bytes and be none of cpu, memory, disk',
    'tasks[1].working_dir: "tmp" is not absolute: it must start with /',
    'tasks[1].lease: 1000000000 ns; it must be between 2000 ms and 604800 s',
    'queue: there is no "nope"; there are: default',
]


class Submit(Cluster):
    @classmethod
    def setUpClass(cls):
        cls.schema = tempfile.TemporaryDirectory()
        cls.job, _, _ = api.generate(cls.schema.name)

    @classmethod
    def tearDownClass(cls):
        cls.schema.cleanup()

    def setUp(self):
        super().setUp()
        self.server()
        self.channel = grpc.insecure_channel(self.address)
        self.jobs = api.Service(self.channel, self.job, "JobService")

    def tearDown(self):
        self.channel.close()
        super().tearDown()

    def file(self, *jobs):
        path = os.path.join(self.folder, "jobs.yaml")
        with open(path, "w", encoding="utf-8") as file:
            for job in jobs:
                file.write(f"---\n{json.dumps(job)}\n")
        return path

    def request(self, spec, dry_run):
        request = self.job.JobSubmitRequest(dry_run=dry_run)
        json_format.ParseDict(spec, request.job)
        return request

    def api_refuses(self, spec, dry_run):
        with self.assertRaises(grpc.RpcError) as refused:
            self.jobs.Submit(self.request(spec, dry_run))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        return refused.exception.details().split("\n")

    def assert_nothing_is_there(self):
        self.assertEqual(self.json("ps", "-a"), [])

    def test_the_api_and_the_command_line_say_the_same_list(self):
        path = self.file(FINE, WRONG)
        said = [f"centro submit: {path}, job 2:", *("  " + problem for problem in PROBLEMS)]
        self.assertEqual(self.api_refuses(WRONG, dry_run=True), PROBLEMS)
        dry = self.centro("submit", "--dry-run", path, check=2)
        self.assertEqual(dry.stderr.decode().splitlines(), said)
        self.assert_nothing_is_there()
        self.assertEqual(self.api_refuses(WRONG, dry_run=False), PROBLEMS)
        wet = self.centro("submit", path, check=120)
        self.assertEqual(wet.stderr.decode().splitlines(), said)
        self.assertEqual(wet.stdout, b"1\n")

    def test_a_dry_run_of_what_is_fine(self):
        self.assertEqual(self.jobs.Submit(self.request(FINE, dry_run=True)).id, 0)
        result = self.centro("submit", "--dry-run", self.file(FINE), check=0)
        self.assertEqual(result.stdout, b"the job would be accepted\n")
        result = self.centro("submit", "--dry-run", self.file(FINE, FINE), check=0)
        self.assertEqual(result.stdout, b"2 jobs would be accepted\n")
        self.assertEqual(self.centro("submit", "-q", "--dry-run", "--", "true", check=0).stdout, b"")
        self.assert_nothing_is_there()
        self.assertEqual(self.submit("--", "true"), "1")

    def test_a_command_is_checked_as_well(self):
        result = self.centro("submit", "--dry-run", "--queue", "nope", "--dir", "tmp", "--", "true", check=2)
        self.assertEqual(result.stderr.decode().splitlines(), [
            'centro submit: tasks[0].working_dir: "tmp" is not absolute: it must start with /',
            '  queue: there is no "nope"; there are: default'])
        self.assertIn(b"--wait", self.centro("submit", "--wait", "--dry-run", "--", "true", check=2).stderr)

    def test_unknown_fields_are_named_together(self):
        path = self.file({"nmae": "x", "tasks": [{"comand": ["true"], "count": "many"}]})
        result = self.centro("submit", "--dry-run", path, check=2)
        self.assertEqual(result.stderr.decode().splitlines(), [
            'centro submit: requests[0].job.nmae: no such field; did you mean "name"?',
            '  requests[0].job.tasks[0].comand: no such field; did you mean "command"?',
            '  requests[0].job.tasks[0].count: must be a whole number from 0 to 4294967295'])

    def test_a_file_that_is_none_keeps_its_line(self):
        path = os.path.join(self.folder, "broken.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("name: a\ntasks: [\n")
        self.assertIn(f"{path}:3:".encode(), self.centro("submit", "--dry-run", path, check=2).stderr)

    def test_no_server_is_no_answer(self):
        self.programs[0].kill()
        self.centro("submit", "--dry-run", "--", "true", check=125)


class Retry(Cluster):
    def setUp(self):
        super().setUp()
        self.server()
        self.agent()

    def test_what_has_ended_runs_again_and_stays(self):
        mark = os.path.join(self.folder, "mark")
        job = self.submit("--name", "twice", "--", "sh", "-c", f"[ -e {mark} ] || {{ touch {mark}; exit 3; }}")
        first = self.wait_for_state(job, "failed")
        self.programs[0].kill()
        self.programs[0].start()
        self.wait_for_port(self.programs[0])
        again = self.centro("retry", job, check=0).stdout.decode().strip()
        self.assertGreater(int(again), int(job))
        second = self.wait_for_state(again, "succeeded")
        self.assertEqual(second["retry_of"], job)
        self.assertEqual(second["spec"], first["spec"])
        self.assertEqual(self.show(job), first)
        self.assertIn(f"retry of     {job}\n".encode(), self.centro("show", again, check=0).stdout)
        self.assertEqual(self.centro("retry", "--failed", again, check=0).stdout, b"")
        self.assertEqual(self.json("retry", "--failed", job), {"id": str(int(again) + 1)})
        self.programs[0].kill()
        self.programs[0].start()
        self.wait_for_port(self.programs[0])
        self.assertEqual(self.show(again)["retry_of"], job)

    def test_what_lives_is_refused(self):
        job = self.submit("--cpu", "1000", "--", "true")
        result = self.centro("retry", job, check=120)
        self.assertIn(f"job {job} is pending; only what has ended can be retried".encode(), result.stderr)
        self.assertEqual(result.stdout, b"")
        self.assertIn(b"there is no job 99", self.centro("retry", "99", check=120).stderr)
        self.assertIn(b"as a whole", self.centro("retry", f"{job}.main", check=2).stderr)


CLEAR = "\r\033[K"


class Screen:
    """A program whose stderr is a terminal, and all that it wrote there."""

    def __init__(self, env, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([os.path.join(CLI, "centro"), *arguments], env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        self.text = ""

    def read(self, seconds):
        """False: the program has closed the terminal."""
        if not select.select([self.master], [], [], seconds)[0]:
            raise AssertionError(f"nothing comes behind {self.text!r}")
        try:
            self.text += os.read(self.master, 4096).decode()
            return True
        except OSError:
            return False

    def read_until(self, part):
        while part not in self.text:
            if not self.read(20 * SLOW):
                raise AssertionError(f"no {part!r} in {self.text!r}")

    def end(self):
        """The exit code, and the output."""
        while self.read(30 * SLOW):
            pass
        os.close(self.master)
        output = self.process.communicate(timeout=20 * SLOW)[0]
        return self.process.returncode, output

    def left_over(self):
        """What stands on the screen at the end."""
        lines = []
        for line in self.text.split("\n"):
            lines.append(line.split("\033[K")[-1].strip("\r"))
        return "\n".join(lines)


class Progress(Cluster):
    def setUp(self):
        super().setUp()
        self.server()
        self.agent()
        self.gate = os.path.join(self.folder, "gate")
        self.env["TERM"] = "xterm"

    def open_gate(self):
        with open(self.gate, "w", encoding="ascii"):
            pass

    def gated(self, then, *flags):
        """Flags and a command of four instances, two of which run until the gate is open."""
        return ["--count", "4", "--cpu", "1", *flags, "--", "sh", "-c",
                f"while [ ! -e {self.gate} ]; do sleep 0.05; done; {then}"]

    def assert_live_line(self, screen, code):
        screen.read_until("0 of 4 done, 2 running")
        self.open_gate()
        self.assertEqual(screen.end()[0], code)
        self.assertIn(CLEAR, screen.text)
        self.assertNotIn("of 4 done", screen.left_over())
        self.assertNotRegex(screen.text, "\033\\[[0-9;]*m")

    def test_wait(self):
        job = self.submit(*self.gated("true"))
        self.assert_live_line(Screen(self.env, "wait", job), 0)

    def test_submit_and_wait_for_what_fails(self):
        screen = Screen(self.env, "submit", "--wait", *self.gated("exit 3"))
        self.assert_live_line(screen, 3)

    def test_run_keeps_the_line_below_the_output(self):
        screen = Screen(self.env, "run", *self.gated("echo said >&2"))
        self.assert_live_line(screen, 0)
        self.assertEqual(screen.left_over(), "said\n" * 4)

    def test_one_instance_has_no_line(self):
        self.open_gate()
        screen = Screen(self.env, "run", "--", "true")
        self.assertEqual(screen.end(), (0, b""))
        self.assertEqual(screen.text, "")

    def test_quiet_and_pipes_have_none(self):
        job = self.submit(*self.gated("true"))
        quiet = Screen(self.env, "wait", "-q", job)
        dumb = Screen({**self.env, "TERM": "dumb"}, "wait", job)
        piped = subprocess.Popen([os.path.join(CLI, "centro"), "wait", job], env=self.env, stderr=subprocess.PIPE)
        shown = Screen(self.env, "wait", job)
        self.assert_live_line(shown, 0)
        self.assertEqual(quiet.end()[0], 0)
        self.assertEqual(dumb.end()[0], 0)
        self.assertEqual((quiet.text, dumb.text), ("", ""))
        self.assertEqual(piped.communicate(timeout=20 * SLOW)[1], b"")


if __name__ == "__main__":
    unittest.main()
