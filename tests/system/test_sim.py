#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""centro sim: strict FIFO against an independent computation, and what it prints and refuses.

Traces are generated. CENTRO_TRACES may name a folder: its SWF files are run, too.
"""
import csv
import heapq
import html.parser
import io
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

CENTRO = os.path.join(os.environ.get("CENTRO_BUILD", "build"), "cli", "centro")


def strict_fifo(jobs, nodes):
    """When each job (submit, run, size) starts if none may pass another. Knows nothing of Centro."""
    now, free, running, starts = 0, nodes, [], []
    for submit, run, size in jobs:
        now = max(now, submit)
        while running and running[0][0] <= now:
            free += heapq.heappop(running)[1]
        while free < size:
            now, freed = heapq.heappop(running)
            free += freed
        free -= size
        heapq.heappush(running, (now + run, size))
        starts.append(now)
    return starts


def swf_line(number, submit, run, size, user=-1, queue=-1, columns=18):
    fields = [number, submit, -1, run, size, -1, -1, -1, -1, -1, 1, user, -1, -1, queue, -1, -1, -1]
    return " ".join(map(str, fields[:columns])) + "\n"


def swf(jobs, nodes=None, columns=18):
    header = f"; MaxNodes: {nodes}\n" if nodes else ""
    return header + "".join(swf_line(i + 1, *job, columns=columns) for i, job in enumerate(jobs))


def read_swf(path):
    """The jobs of a trace in order of submission, and its nodes."""
    jobs, nodes = [], 0
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith(";"):
                if "MaxNodes:" in line or "MaxProcs:" in line:
                    nodes = max(nodes, int(line.split(":")[1].split()[0]))
                continue
            fields = line.split()
            run, size = int(fields[3]), int(fields[4])
            size = size if size > 0 else int(fields[7])
            if fields[10] not in ("2", "3", "4") and run >= 0 and size > 0:
                jobs.append((int(fields[1]), run, size))
    return sorted(jobs, key=lambda job: job[0]), nodes


class Page(html.parser.HTMLParser):
    """The text of a page; whether every tag is closed, and what it would load from elsewhere."""

    VOID = {"meta", "line", "path", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.text, self.tags = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.VOID or self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class Sim(unittest.TestCase):
    def setUp(self):
        self.temp = tempfile.TemporaryDirectory(prefix="centro-test-")
        self.folder = pathlib.Path(self.temp.name)
        self.addCleanup(self.temp.cleanup)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def sim(self, *arguments, code=0, stdin=""):
        env = {k: v for k, v in os.environ.items() if not k.startswith("CENTRO_")}
        result = subprocess.run([CENTRO, "sim", *map(str, arguments)], env=env, input=stdin,
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def report(self, *arguments):
        return json.loads(self.sim(*arguments, "-o", "json").stdout)

    # ---- strict FIFO ----

    def check_fifo(self, path, jobs, nodes, *flags):
        schedule = self.folder / "jobs.csv"
        report = self.report("--swf", path, "--policy", "fifo", "--jobs", schedule, *flags)
        starts = strict_fifo(jobs, nodes)
        with open(schedule, encoding="ascii") as lines:
            rows = list(csv.DictReader(lines))
        self.assertEqual([float(row["start_s"]) for row in rows], starts)
        waits = sorted(start - job[0] for start, job in zip(starts, jobs))
        run = report["runs"][0]
        self.assertEqual(run["nodes"], nodes)
        self.assertEqual(run["makespan_s"],
                         max(start + job[1] for start, job in zip(starts, jobs)) - jobs[0][0])
        self.assertEqual(run["wait_s"]["max"], waits[-1])
        for percent in (50, 90, 99):
            rank = -(-len(waits) * percent // 100)
            self.assertEqual(run["wait_s"][f"p{percent}"], waits[rank - 1])
        self.assertAlmostEqual(run["wait_s"]["mean"], sum(waits) / len(waits), places=6)
        return run

    def check_generated(self, jobs, nodes, columns=18):
        self.check_fifo(self.write("trace.swf", swf(jobs, nodes, columns)), jobs, nodes)

    def test_fifo_on_random_sizes(self):
        for seed in range(5):
            draw = random.Random(seed)
            at, jobs = 0, []
            for _ in range(1000):
                at += draw.randrange(0, 60)
                jobs.append((at, draw.randrange(0, 600), draw.randrange(1, 33)))
            self.check_generated(jobs, 64)

    def test_fifo_on_powers_of_two(self):
        draw = random.Random(11)
        jobs = [(i * 20, int(10 ** draw.uniform(0, 4)), 2 ** draw.randrange(0, 9)) for i in range(1500)]
        self.check_generated(jobs, 256)

    def test_fifo_when_all_come_at_once(self):
        draw = random.Random(12)
        self.check_generated([(7, draw.randrange(0, 5), draw.randrange(1, 5)) for _ in range(800)], 4)

    def test_fifo_on_one_node_and_without_waiting(self):
        self.check_generated([(i, 3, 1) for i in range(500)], 1)
        self.check_generated([(i * 10, 3, 5) for i in range(500)], 5)

    def test_fifo_on_runs_of_no_time_and_of_years(self):
        draw = random.Random(13)
        jobs = [(i // 3, draw.choice([0, 0, 1, 50_000_000]), draw.randrange(1, 9)) for i in range(60)]
        self.check_generated(jobs, 8)

    def test_fifo_with_seventeen_columns(self):
        self.check_generated([(i, 9, 1 + i % 3) for i in range(100)], 3, columns=17)

    def test_fifo_with_epoch_seconds(self):
        self.check_generated([(1_700_000_000 + i, 30, 2) for i in range(200)], 5)

    def test_fifo_does_not_depend_on_the_seed(self):
        jobs = [(i, 10, 1 + i * 7 % 5) for i in range(300)]
        path = self.write("trace.swf", swf(jobs, 6))
        digests = {self.check_fifo(path, jobs, 6, "--seed", seed)["digest"] for seed in (0, 1, 99)}
        self.assertEqual(len(digests), 1)

    @unittest.skipUnless(os.environ.get("CENTRO_TRACES"), "CENTRO_TRACES names no folder of traces")
    def test_fifo_on_traces(self):
        for path in pathlib.Path(os.environ["CENTRO_TRACES"]).rglob("*.swf"):
            with self.subTest(path=path.name):
                jobs, nodes = read_swf(path)
                self.check_fifo(path, [job for job in jobs if job[2] <= nodes], nodes)

    # ---- what it prints ----

    def test_two_policies_are_compared(self):
        path = self.write("trace.swf", swf([(0, 100, 3), (1, 10, 2), (2, 10, 1)], 4))
        report = self.report("--swf", path, "--policy", "fifo", "--policy", "fill")
        self.assertEqual(report["comparison"], {"from": "fifo", "to": "fill", "jobs_sooner": 1,
                                                "jobs_later": 0, "jobs_same": 2})
        fifo, fill = report["runs"]
        self.assertEqual(fifo["wait_s"]["max"], 99)
        self.assertEqual([fifo["makespan_s"], fill["makespan_s"]], [110, 110])
        self.assertEqual(fill["resources"][0]["utilisation"], round((300 + 20 + 10) / 440, 6))
        table = self.sim("--swf", path, "--policy", "fifo", "--policy", "fill").stdout
        self.assertRegex(table, r"(?m)^ +fifo +fill +CHANGE$")
        self.assertRegex(table, r"(?m)^wait mean +1m5\.6s +33s +-49\.7 %$")
        self.assertRegex(table, r"(?m)^jobs that start sooner +- +- +1$")

    def test_what_never_fits_says_why(self):
        path = self.write("trace.swf", swf([(0, 1, 3), (0, 1, 2), (0, 1, 3)], 2))
        report = self.report("--swf", path)
        self.assertEqual(report["runs"][0]["ran"], 1)
        [refusal] = report["runs"][0]["never_fit"]
        self.assertEqual([refusal["jobs"], refusal["first_job"]], [2, 1])
        self.assertIn(refusal["reason"], self.sim("--swf", path).stdout)

    def test_the_page_stands_alone(self):
        name = "<b>&\"trace.swf"
        path = self.write(name, swf([(0, 100, 3), (1, 10, 2), (2, 10, 5)], 4))
        page = self.folder / "report.html"
        self.sim("--swf", path, "--policy", "fifo", "--policy", "fill", "--html", page)
        text = page.read_text(encoding="utf-8")
        parsed = Page(text)
        self.assertEqual(parsed.open, [])
        self.assertEqual(parsed.links, [])
        self.assertNotIn("script", parsed.tags)
        self.assertNotIn("b", parsed.tags)
        self.assertNotRegex(text, r"url\(|@import|https?:")
        self.assertIn(name, parsed.text)
        self.assertEqual(parsed.tags.count("svg"), 2 + 2)  # two charts, and the legend
        self.assertIn("prefers-color-scheme", text)
        self.assertIn("a gang, of which 4 of 5", parsed.text)

    def test_series_sum_up_to_the_figures(self):
        report = self.report("--synthetic", "jobs=3000,rate=3000/h,cores=1-8,runtime=10s-1h", "--nodes", "20")
        run = report["runs"][0]
        points = run["series"]
        self.assertTrue(256 <= len(points) <= 512, len(points))
        self.assertTrue(all(a["end_s"] == b["begin_s"] for a, b in zip(points, points[1:])))
        self.assertEqual(points[-1]["end_s"], run["last_end_s"])
        mean = sum(p["utilisation"]["cpu"] * (p["end_s"] - p["begin_s"]) for p in points) / run["makespan_s"]
        self.assertAlmostEqual(mean, run["resources"][0]["utilisation"], places=4)
        waited = sum(p["waiting"] * (p["end_s"] - p["begin_s"]) for p in points)
        self.assertAlmostEqual(waited / run["ran"], run["wait_s"]["mean"], delta=run["wait_s"]["mean"] / 1000)
        self.assertEqual(run["waiting_max"], max(p["waiting_max"] for p in points))

    def test_fairness_tells_users_apart(self):
        jobs = "".join(swf_line(i + 1, 0, 100, 1, user=i % 2) for i in range(40))
        path = self.write("trace.swf", "; MaxProcs: 2\n" + jobs)
        even = self.report("--swf", path)["runs"][0]
        jumped = self.report("--swf", path, "--queue-by", "user", "--queue", "u1=5")["runs"][0]
        self.assertEqual(even["fairness"], 1)
        self.assertLess(jumped["fairness"], 0.95)
        users = {user["name"]: user for user in jumped["users"]}
        self.assertGreater(users["u0"]["bounded_slowdown"], 2 * users["u1"]["bounded_slowdown"])

    def test_a_mix_is_repeated_by_its_seed(self):
        mix = ["--synthetic", "jobs=500,rate=900/h,instances=1|8", "--synthetic", "jobs=100,queue=big,cores=4"]
        one = self.sim(*mix, "-q").stdout
        self.assertEqual(one, self.sim(*mix, "-q", "--seed", "0").stdout)
        self.assertNotEqual(one, self.sim(*mix, "-q", "--seed", "1").stdout)
        self.assertRegex(one, r"^[0-9a-f]{16}\n$")
        queues = {queue["name"]: queue["jobs"] for queue in self.report(*mix)["runs"][0]["queues"]}
        self.assertEqual(queues, {"default": 500, "big": 100})

    def test_openb(self):
        nodes = self.write("nodes.csv", "sn,cpu_milli,memory_mib,gpu,model\na,8000,1024,2,T4\nb,8000,1024,0,\n")
        pods = self.write("pods.csv", "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,"
                          "creation_time,deletion_time,scheduled_time\n"
                          "p0,1000,100,1,1000,T4,LS,Running,0,50,10\n"
                          "p1,1000,100,2,1000,,BE,Pending,5,30,\n")
        result = self.sim("--openb", nodes, pods, "--jobs", "-")
        rows = list(csv.DictReader(io.StringIO(result.stdout[result.stdout.index("policy,"):])))
        self.assertEqual([(row["start_s"], row["run_s"]) for row in rows], [("0", "40"), ("40", "25")])
        self.assertIn("1 pods were never scheduled", result.stderr)
        self.assertRegex(result.stdout, r"(?m)^gpu utilisation +69\.23 %$")

    # ---- what it refuses ----

    def test_malformed_lines_have_numbers(self):
        path = self.write("trace.swf", "; a comment\n" + swf_line(1, 0, 5, 1) + "2 0 -1 5\n" + swf_line(3, 0, "x", 1))
        result = self.sim("--swf", path, code=120)
        self.assertIn(f"{path}:3: it has 4 columns", result.stderr)
        self.assertEqual(result.stdout, "")
        result = self.sim("--swf", path, "--skip-malformed")
        self.assertIn("skipped 2 malformed lines; the first: ", result.stderr)
        self.assertIn(f"{path}:3: ", result.stderr)
        self.assertEqual(self.report("--swf", path, "--skip-malformed")["workload"]["malformed_lines"], 2)

    def test_other_files_are_no_traces(self):
        with open(CENTRO, "rb") as binary:
            path = self.folder / "binary"
            path.write_bytes(binary.read(100_000))
        self.assertRegex(self.sim("--swf", path, code=120).stderr, r"binary:\d+: ")
        self.sim("--swf", path, "--skip-malformed", code=120)
        self.assertIn("no job", self.sim("--swf", "/dev/null", code=120).stderr)
        self.assertIn("No such file", self.sim("--swf", self.folder / "none", code=120).stderr)
        self.sim("--swf", self.folder, code=120)

    def test_flags_are_checked(self):
        path = self.write("trace.swf", swf([(0, 1, 1)]))
        for arguments, said in (
                ([], "what shall run?"),
                (["--swf", path, "--synthetic", "jobs=1"], "what shall run?"),
                (["--swf", path, "more"], "too many"),
                (["--openb", path], "wants one PODS.csv"),
                (["--swf", path, "--policy", "best"], "there are fill, fifo"),
                (["--swf", path, "--nodes", "0"], "not a number from 1 to 200000"),
                (["--swf", path, "--queue", "q1"], "NAME=PRIORITY"),
                (["--swf", path, "--queue", "q1=5"], 'no job of the workload is in "q1"'),
                (["--swf", path, "--queue", "q1=1001"], "not a number from -1000 to 1000"),
                (["--swf", path, "--queue-by", "size"], "say queue, partition, group or user"),
                (["--synthetic", "jobs=0"], "--synthetic: mix: jobs"),
        ):
            with self.subTest(arguments=arguments):
                result = self.sim(*arguments, code=2)
                self.assertIn(said, result.stderr)

    def test_stdin_and_help(self):
        self.assertRegex(self.sim("--swf", "-", stdin=swf([(0, 1, 1)])).stdout, r"(?m)^jobs that ran +1$")
        self.assertIn("--policy fifo --policy fill", self.sim("--help").stdout)

    def test_a_file_that_cannot_be_written_is_said(self):
        path = self.write("trace.swf", swf([(0, 1, 1)]))
        for flag in ("--html", "--jobs"):
            self.assertIn("No such file", self.sim("--swf", path, flag, "/nowhere/x", code=120).stderr)
            self.assertIn("cannot be written", self.sim("--swf", path, flag, "/dev/full", code=120).stderr)


if __name__ == "__main__":
    unittest.main()
