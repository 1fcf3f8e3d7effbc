#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is said of jobs before they are taken: all that is wrong at once, and the same in a dry run."""
import json
import os
import tempfile
import unittest

import grpc
from google.protobuf import json_format

import api
from harness import Cluster

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


if __name__ == "__main__":
    unittest.main()
