#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole API through grpcio, another project's client, with messages that protoc made from proto/."""
import os
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from harness import Cluster, SLOW  # noqa: E402

import grpc  # noqa: E402
import api  # noqa: E402

_folder = tempfile.TemporaryDirectory(prefix="centro-proto-")
jobs, nodes, agents = api.generate(_folder.name)
from google.protobuf import descriptor_pb2  # noqa: E402
from grpc.health.v1 import health_pb2  # noqa: E402
from grpc.reflection.v1 import reflection_pb2  # noqa: E402


class Grpcio(Cluster):
    def setUp(self):
        super().setUp()
        self.server()
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        self.channel = grpc.insecure_channel(self.address, options)
        self.jobs = api.Service(self.channel, jobs, "JobService")
        self.nodes = api.Service(self.channel, nodes, "NodeService")

    def tearDown(self):
        self.channel.close()
        super().tearDown()

    def request(self, *command, **more):
        request = jobs.JobSubmitRequest(**more)
        request.job.tasks.add(command=command)
        return request

    def refused(self, code, call, *arguments):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, timeout=10 * SLOW)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception.details()

    def test_submit_watch_and_list(self):
        self.agent()
        job = self.jobs.Submit(self.request("sh", "-c", "sleep 0.3; exit 5")).id
        states = [answer.job.state for answer in self.jobs.Watch(jobs.JobWatchRequest(id=job))]
        self.assertEqual(states[-1], jobs.Job.failed)
        self.assertIn(jobs.Job.running, states)
        self.assertEqual(sorted(set(states), key=states.index), states[:1] + sorted(set(states) - set(states[:1])))
        record = self.jobs.Get(jobs.JobGetRequest(id=job))
        self.assertEqual(record.exit_code, 5)
        self.assertEqual(record.instances[0].node, "n1")
        listed = self.jobs.List(jobs.JobListRequest(states=[jobs.Job.failed]))
        self.assertEqual([j.id for j in listed.jobs], [job])
        self.assertEqual([n.info.name for n in self.nodes.List(nodes.NodeListRequest()).nodes], ["n1"])
        # A watch of what has ended says so, and ends.
        self.assertEqual([a.job.state for a in self.jobs.Watch(jobs.JobWatchRequest(id=job))], [jobs.Job.failed])

    def test_cancel(self):
        self.agent()
        job = self.jobs.Submit(self.request("sleep", "300")).id
        watch = self.jobs.Watch(jobs.JobWatchRequest(id=job))
        asked = False
        for answer in watch:
            # It runs on for a moment after it was cancelled, and the watch says so.
            if answer.job.state == jobs.Job.running and not asked:
                asked = True
                self.jobs.Cancel(jobs.JobCancelRequest(id=job, reason="enough"))
        self.assertEqual(answer.job.state, jobs.Job.cancelled)
        self.assertEqual(answer.job.cancel_reason, "enough")
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, self.jobs.Cancel, jobs.JobCancelRequest(id=job))
        waiting = self.jobs.Submit(self.request("true")).id
        self.jobs.Cancel(jobs.JobCancelRequest(id=waiting))

    def test_logs(self):
        self.agent()
        job = self.jobs.Submit(self.request("sh", "-c", "echo one; sleep 0.2; echo two; echo three >&2")).id
        parts = {jobs.out: b"", jobs.err: b""}
        for part in self.jobs.Logs(jobs.JobLogsRequest(id=job, follow=True), timeout=20 * SLOW):
            parts[part.stream] += part.data
        self.assertEqual(parts, {jobs.out: b"one\ntwo\n", jobs.err: b"three\n"})
        rest = b"".join(p.data for p in self.jobs.Logs(jobs.JobLogsRequest(id=job, stream=jobs.out, out_offset=4)))
        self.assertEqual(rest, b"two\n")

    def test_wrong_input_names_the_field(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        self.assertIn("job", self.refused(invalid, self.jobs.Submit, jobs.JobSubmitRequest()))
        self.assertIn("tasks", self.refused(invalid, self.jobs.Submit, jobs.JobSubmitRequest(job=jobs.JobSpec())))
        self.assertIn("tasks[0].command", self.refused(invalid, self.jobs.Submit, self.request()))
        wrong = self.request("true")
        wrong.job.tasks[0].name = "Not A Name"
        text = self.refused(invalid, self.jobs.Submit, wrong)
        self.assertIn("tasks[0].name", text)
        self.assertIn("Not A Name", text)
        wrong = self.request("true")
        wrong.job.priority = 5000
        self.assertIn("priority", self.refused(invalid, self.jobs.Submit, wrong))
        wrong = self.request("true")
        wrong.job.queue = "nowhere"
        self.assertIn("nowhere", self.refused(invalid, self.jobs.Submit, wrong))
        wrong = self.request("true")
        wrong.job.tasks[0].lease.FromMilliseconds(10)
        self.assertIn("tasks[0].lease", self.refused(invalid, self.jobs.Submit, wrong))
        self.refused(grpc.StatusCode.NOT_FOUND, self.jobs.Get, jobs.JobGetRequest(id=999999))
        raw = self.channel.unary_unary("/centro.v1.JobService/Submit")
        self.refused(invalid, raw, b"\xff\xff\xff\xff")
        # Invalid UTF-8 in tasks[0].name.
        self.assertIn("name", self.refused(invalid, raw, b"\x0a\x06\x22\x04\x0a\x02\xff\xfe"))
        self.refused(grpc.StatusCode.UNIMPLEMENTED, self.channel.unary_unary("/centro.v1.JobService/Nothing"), b"")

    def test_too_large_and_the_connection_lives(self):
        self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.jobs.Submit, self.request("x" * (5 << 20)))
        wide = self.channel.unary_unary("/centro.v1.JobService/List")
        with self.assertRaises(grpc.RpcError) as caught:
            wide(b"", metadata=[("padding", "x" * 20000)], timeout=10 * SLOW)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertGreater(self.jobs.Submit(self.request("true")).id, 0)

    def test_a_request_id_makes_one_job(self):
        first = self.jobs.Submit(self.request("true", request_id="once"))
        again = self.jobs.Submit(self.request("true", request_id="once"))
        self.assertEqual((first.id, False, True), (again.id, first.existing, again.existing))
        self.assertIn("once", self.refused(grpc.StatusCode.ALREADY_EXISTS, self.jobs.Submit,
                                           self.request("false", request_id="once")))
        ids, threads = [], []
        for _ in range(16):
            threads.append(threading.Thread(target=lambda: ids.append(
                self.jobs.Submit(self.request("true", request_id="race")).id)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(ids)), 1)

    def test_many_at_once_and_pages(self):
        many = jobs.JobSubmitManyRequest(requests=[self.request("true") for _ in range(250)])
        many.requests[7].job.tasks[0].ClearField("command")
        results = self.jobs.SubmitMany(many).results
        self.assertEqual([i for i, result in enumerate(results) if result.code], [7])
        self.assertEqual(results[7].code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        seen, token = [], ""
        while True:
            page = self.jobs.List(jobs.JobListRequest(page_size=40, page_token=token))
            self.assertLessEqual(len(page.jobs), 40)
            seen += [job.id for job in page.jobs]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(seen, sorted((r.job.id for r in results if not r.code), reverse=True))

    def test_health(self):
        check = self.channel.unary_unary("/grpc.health.v1.Health/Check",
                                         request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                                         response_deserializer=health_pb2.HealthCheckResponse.FromString)
        for service in ("", "centro.v1.JobService"):
            answer = check(health_pb2.HealthCheckRequest(service=service))
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING)
        self.refused(grpc.StatusCode.NOT_FOUND, check, health_pb2.HealthCheckRequest(service="no.such"))
        watch = self.channel.unary_stream("/grpc.health.v1.Health/Watch",
                                          request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                                          response_deserializer=health_pb2.HealthCheckResponse.FromString)
        stream = watch(health_pb2.HealthCheckRequest())
        self.assertEqual(next(stream).status, health_pb2.HealthCheckResponse.SERVING)
        stream.cancel()

    def test_reflection(self):
        for version in ("v1", "v1alpha"):
            ask = self.channel.stream_stream(
                f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
                response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
            questions = [reflection_pb2.ServerReflectionRequest(list_services=""),
                         reflection_pb2.ServerReflectionRequest(file_containing_symbol="centro.v1.JobService"),
                         reflection_pb2.ServerReflectionRequest(file_containing_symbol="centro.v1.JobService.Submit"),
                         reflection_pb2.ServerReflectionRequest(file_containing_symbol="centro.v1.Job.State"),
                         reflection_pb2.ServerReflectionRequest(file_by_filename="google/protobuf/timestamp.proto"),
                         reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Thing")]
            answers = list(ask(iter(questions), timeout=10 * SLOW))
            services = {s.name for s in answers[0].list_services_response.service}
            self.assertLessEqual({"centro.v1.JobService", "centro.v1.AgentService", "centro.v1.NodeService",
                                  "grpc.health.v1.Health"}, services)
            for answer, name in zip(answers[1:5], ["centro/v1/job.proto"] * 3 + ["google/protobuf/timestamp.proto"]):
                file = descriptor_pb2.FileDescriptorProto.FromString(
                    answer.file_descriptor_response.file_descriptor_proto[0])
                self.assertEqual(file.name, name)
            self.assertEqual(answers[5].error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0])

    def test_a_deadline_is_kept(self):
        started = time.monotonic()
        job = self.jobs.Submit(self.request("true")).id
        with self.assertRaises(grpc.RpcError) as caught:
            list(self.jobs.Watch(jobs.JobWatchRequest(id=job), timeout=0.5))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - started, 5 * SLOW)

    def test_drain_lets_calls_end(self):
        job = self.jobs.Submit(self.request("true")).id
        watch = self.jobs.Watch(jobs.JobWatchRequest(id=job))
        self.assertEqual(next(watch).job.state, jobs.Job.pending)
        self.assertEqual(self.programs[0].stop(), 0)
        with self.assertRaises(grpc.RpcError) as caught:
            list(watch)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    unittest.main()
