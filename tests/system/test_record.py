#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""centrod --record with real processes, and centro sim --replay of what it wrote."""
import json
import os
import stat
import struct
import tempfile
import unittest

from harness import Cluster, wait_until

import grpc
import api

MAGIC = b"centro-journal 1\n"
MASK = (1 << 64) - 1


def siphash13(data, seed):
    """As lib/base/bytes.c has it: the key is the seed, and a mix of it (splitmix64)."""
    mix = (seed + 0x9E3779B97F4A7C15) & MASK
    mix = ((mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mix = ((mix ^ (mix >> 27)) * 0x94D049BB133111EB) & MASK
    mix ^= mix >> 31
    v = [seed ^ 0x736F6D6570736575, mix ^ 0x646F72616E646F6D,
         seed ^ 0x6C7967656E657261, mix ^ 0x7465646279746573]

    def rotate(value, bits):
        return ((value << bits) | (value >> (64 - bits))) & MASK

    def turn():
        v[0] = (v[0] + v[1]) & MASK
        v[2] = (v[2] + v[3]) & MASK
        v[1] = rotate(v[1], 13) ^ v[0]
        v[3] = rotate(v[3], 16) ^ v[2]
        v[0] = rotate(v[0], 32)
        v[2] = (v[2] + v[1]) & MASK
        v[0] = (v[0] + v[3]) & MASK
        v[1] = rotate(v[1], 17) ^ v[2]
        v[3] = rotate(v[3], 21) ^ v[0]
        v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        turn()
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(3):
        turn()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def frames(data):
    """(place, record) of each whole frame; the checks of each are looked at."""
    place = len(MAGIC)
    while len(data) - place >= 12:
        size, size_check, check = struct.unpack_from("<III", data, place)
        assert size_check == siphash13(data[place:place + 4], place) & 0xFFFFFFFF
        record = data[place + 12:place + 12 + size]
        if len(record) < size:
            return
        assert check == siphash13(record, place) & 0xFFFFFFFF
        yield place, record
        place += 12 + size


class Record(Cluster):
    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def replay(self, name, *arguments, check=0):
        result = self.centro("sim", "--replay", self.path(name), "-o", "json", *arguments, check=check)
        return json.loads(result.stdout)

    def test_what_happened_happens_again_after_a_kill_too(self):
        server = self.server("--record", self.path("first"))
        self.agent(cpu="4")
        done = [self.submit("--", "true") for _ in range(20)]
        self.submit("--request-id", "once", "--", "true")
        for job in done:
            self.wait_for_state(job, "succeeded")
        slow = [self.submit("--", "sleep", "2") for _ in range(6)]
        self.wait_for_state(slow[0], "running")
        server.kill()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("first")).st_mode), 0o600)

        server = self.server("--record", self.path("second"), name="centrod2")
        for job in slow:
            self.wait_for_state(job, "succeeded", seconds=30)
        self.submit("--request-id", "once", "--", "true")
        self.centro("cancel", self.submit("--cpu", "64", "--", "true"), check=0)
        self.assertEqual(server.stop(), 0)

        first = self.replay("first")
        self.assertEqual((first["state"], first["differences"]), ("cut_off", "0"))
        self.assertEqual(first["jobs_submitted"], "27")
        second = self.replay("second")
        self.assertEqual((second["state"], second["differences"]), ("ended", "0"))
        # Of what was loaded nothing was submitted again.
        self.assertEqual((second["jobs_submitted"], second["jobs_live"]), ("1", "0"))
        table = self.centro("sim", "--replay", self.path("second"), check=0).stdout.decode()
        self.assertIn("the same   each status, answer and hash is what was recorded", table)
        stopped = self.replay("second", "--until", "4")
        self.assertEqual((stopped["state"], stopped["inputs"]), ("stopped", "4"))

    def test_a_difference_is_told_with_its_input(self):
        server = self.server("--record", self.path("journal"))
        self.agent()
        marked = self.submit("--name", "marked", "--", "true")
        self.wait_for_state(marked, "succeeded")
        server.stop()
        data = self.read("journal")
        self.assertEqual(sum(1 for _ in frames(data)), int(self.replay("journal")["inputs"]))

        # One byte of a command, under a check that is right again.
        place, record = next((place, record) for place, record in frames(data) if b"marked" in record)
        changed = record.replace(b"marked", b"market")
        head = data[place:place + 8] + struct.pack("<I", siphash13(changed, place) & 0xFFFFFFFF)
        self.write("changed", data[:place] + head + changed + data[place + 12 + len(record):])
        result = self.centro("sim", "--replay", self.path("changed"), check=1)
        said = result.stdout.decode()
        self.assertRegex(said, r'DIVERGED +at input \d+: .* submit "market" by ')
        self.assertRegex(said, r"hash: recorded [0-9a-f]{16}, found [0-9a-f]{16}")
        report = self.replay("changed", check=1)
        self.assertEqual((report["state"], report["first_difference"]["what"]), ("diverged", "hash"))

        # And one that is not.
        self.write("damaged", data[:place + 14] + bytes([data[place + 14] ^ 1]) + data[place + 15:])
        result = self.centro("sim", "--replay", self.path("damaged"), check=120)
        self.assertIn(f"at byte {place}, after ".encode(), result.stderr)
        self.assertIn(b"the record is damaged", result.stderr)

    def test_another_seed_places_otherwise(self):
        server = self.server("--record", self.path("journal"))
        jobs, node, agent = api.generate(tempfile.mkdtemp(dir=self.folder))
        with grpc.insecure_channel(self.address) as channel:
            service = api.Service(channel, agent, "AgentService")
            # More than are looked at for one decision.
            for i in range(40):
                info = node.NodeInfo(name=f"n{i}", capacity=jobs.Resources(cpu_milli=8000, memory_mib=8000))
                service.Heartbeat(agent.HeartbeatRequest(node=info, agent_id=i + 1, session=1))
        for _ in range(20):
            last = self.submit("--", "true")
        wait_until(lambda: self.show(last)["instances"][0].get("state") == "assigned", 10, "the last one is placed")
        server.stop()
        self.replay("journal")
        other = self.replay("journal", "--seed", "1", check=1)
        self.assertEqual(other["first_difference"]["what"], "hash")
        self.assertRegex(other["first_difference"]["text"], "schedule, looks at most")
        going_on = self.replay("journal", "--seed", "1", "--keep-going", check=1)
        self.assertEqual(going_on["state"], "ended")
        self.assertGreater(int(going_on["differences"]), 1)

    def test_a_recording_harms_no_server(self):
        self.write("precious", b"precious")
        refused = self.start("refused", "centrod", "--storage", f"file:{self.store}",
                             "--listen", self.address, "--record", self.path("precious"))
        wait_until(lambda: not refused.is_running(), 10, "centrod ends")
        self.assertEqual(refused.process.returncode, 1)
        self.assertIn("a recording overwrites none", refused.output())
        self.assertEqual(self.read("precious"), b"precious")

        server = self.server("--record", self.path("small"), "--record-bytes", "2KiB")
        self.agent()
        for job in [self.submit("--", "true") for _ in range(20)]:
            self.wait_for_state(job, "succeeded")
        self.assertEqual(server.output().count("recording stops"), 1)
        self.assertEqual(server.stop(), 0)
        self.assertLessEqual(os.path.getsize(self.path("small")), 2048)
        report = self.replay("small")
        self.assertEqual((report["state"], report["bytes_left"]), ("cut_off", "0"))


if __name__ == "__main__":
    unittest.main()
