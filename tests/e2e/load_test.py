#!/usr/bin/env python3
"""What bench/held does for half an hour on a quiet machine, in small and without a look at the clock: idle connections,
calls beyond what can be done, a soak, and two soaks with a leak put in on purpose, which must fail. The judge of the
soak is also given samples that were made up, where one figure does what it must not."""

import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT  # noqa: E402

HELD = 0
NOT_HELD = 3


def is_sanitized():
    """Sanitizers keep what was freed for a while, and are ten times slower: figures of memory say nothing there."""
    with open(BIN / "permitd", "rb") as program:
        return b"__asan_init" in (whole := program.read()) or b"__tsan_init" in whole


def load_held():
    """bench/held as a module: its judge is a function of samples."""
    sys.dont_write_bytecode = True  # nothing beside it
    loader = importlib.machinery.SourceFileLoader("held", str(ROOT / "bench/held"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("held", loader))
    loader.exec_module(module)
    return module


class Judge(unittest.TestCase):
    COUNT = 90
    MIB = 1 << 20
    FILES_AT_ONCE = 16

    @classmethod
    def setUpClass(cls):
        cls.judge = staticmethod(load_held().judge)

    def samples(self, **lines):
        """What a run gives that holds, a little restless; `lines`: name → figure of sample i and its share of the
        run, in the place of what is sound."""
        def restless(i, steps):
            return (i * 7919) % 13 * steps

        result = []
        for i in range(self.COUNT):
            sample = {
                "allocated": 80 * self.MIB + restless(i, 20_000), "active": 90 * self.MIB + restless(i, 50_000),
                "resident": 150 * self.MIB + restless(i, 100_000), "files": 40 + restless(i, 1), "threads": 9,
                "disk": 300 * self.MIB + restless(i, self.MIB), "disk_files": 12 + i % 2, "errors": 0, "disconnects": 0,
                "busy": 0, "daemon_busy": 0, "drops": 0, "cases": 9000 + restless(i, 10), "snapshot_op": 1000 * (i + 1),
                "case_us": [400, 1500, 6000 + restless(i, 300)],
            }
            for name, line in lines.items():
                sample[name] = line(sample[name], i, i / (self.COUNT - 1))
            result.append(sample)
        return result

    def not_held(self, timed=True, **lines):
        verdicts = self.judge(self.samples(**lines), timed, self.FILES_AT_ONCE)
        self.assertGreaterEqual(len(verdicts), 13)
        return [what for what, held, _ in verdicts if not held]

    def test_flat_lines_hold(self):
        self.assertEqual(self.not_held(), [])
        self.assertEqual(self.not_held(timed=False), [])

    def test_each_rising_line_is_told_by_its_name(self):
        """Each a little beyond its bound, and the same rise a little within."""
        mib = self.MIB
        for name, what, beyond, within in (
                ("allocated", "allocated memory", 1.5 * mib, 0.5 * mib),
                ("active", "active memory", 5 * mib, 3 * mib),
                ("resident", "resident memory", 10 * mib, 6 * mib),
                ("files", "files", 45, 5),
                ("threads", "threads", 1, 0),
                ("disk_files", "disk files", 6, 1),
                ("disk", "bytes on the disk", 120 * mib, 30 * mib)):
            with self.subTest(name):
                self.assertEqual(self.not_held(**{name: lambda sound, _, share: sound + round(beyond * share)}), [what])
                self.assertEqual(self.not_held(**{name: lambda sound, _, share: sound + int(within * share)}), [])

    def test_memory_that_falls_or_jumps_once_and_comes_back_holds(self):
        mib = self.MIB
        for name in ("allocated", "active", "resident"):
            with self.subTest(name):
                self.assertEqual(self.not_held(**{name: lambda sound, _, share: sound - round(20 * mib * share)}), [])
                self.assertEqual(self.not_held(**{name: lambda sound, i, _: sound + (i == 50) * 100 * mib}), [])

    def test_a_step_that_stays_is_a_growth(self):
        mib = self.MIB
        for name in ("allocated", "active", "resident"):
            with self.subTest(name):
                self.assertEqual(self.not_held(**{name: lambda sound, i, _: sound + (i >= 45) * 100 * mib}),
                                 [f"{name} memory"])

    def test_a_rising_latency_is_told_where_it_is_judged(self):
        rising = {"case_us": lambda sound, _, share: [sound[0], sound[1], sound[2] + 45_000 * share]}
        self.assertEqual(self.not_held(**rising), ["p99.9 of a case"])
        self.assertEqual(self.not_held(timed=False, **rising), [])
        later = {"case_us": lambda sound, i, _: [sound[0], sound[1], sound[2] * (3 if i >= self.COUNT // 2 else 1)]}
        self.assertEqual(self.not_held(**later), ["p99.9 of a case"])
        outlier = {"case_us": lambda sound, i, _: [sound[0], sound[1], sound[2] + (i % 20 == 19) * 500_000]}
        self.assertEqual(self.not_held(**outlier), [])

    def test_one_call_that_failed_is_told(self):
        for name in ("errors", "disconnects", "busy", "daemon_busy", "drops"):
            with self.subTest(name):
                # All but the first are sums up to the sample.
                self.assertEqual(self.not_held(**{name: lambda sound, i, _: i == 30 if name == "errors" else i >= 30}),
                                 [name.replace("_", " ")])

    def test_a_run_without_work_or_snapshots_proves_nothing(self):
        self.assertEqual(self.not_held(cases=lambda *_: 0), ["load"])
        self.assertEqual(self.not_held(snapshot_op=lambda *_: 0), ["load"])


class Load(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="permitd-held-", dir=os.environ.get("PERMITD_SCRATCH"))
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name

    def run_load(self, *arguments, timeout=600):
        done = subprocess.run([BIN / "permitload", *map(str, arguments), "--directory", self.scratch,
                               "--json", f"{self.scratch}/figures.json"], capture_output=True, text=True, timeout=timeout)
        figures = Path(self.scratch, "figures.json")
        rows = [json.loads(line) for line in figures.read_text().splitlines()] if figures.exists() else []
        return done, rows

    def soak(self, leak):
        done = subprocess.run(
            [ROOT / "bench/held", "soak", "--untimed", "--seconds", "40", "--stretch", "2", "--rate", "150",
             "--comings", "15", "--warmup", "0.5", "--leak", leak, "--output", self.scratch, "--directory", self.scratch,
             *(f"--set={setting}" for setting in (
                 "limits.cases_max=2048", "limits.jobs_max=4096", "limits.events_max=16384", "limits.keys_max=4096",
                 "limits.decisions_max=4096", "engine.snapshot_after_size=2 MiB", "journal.segment_size=8 MiB",
                 "planner.interval_seconds=0"))],
            capture_output=True, text=True, timeout=600, env=dict(os.environ, PERMITD_BIN=str(BIN)))
        return done

    def test_idle_connections_are_all_served_and_given_back(self):
        done, rows = self.run_load("idle", "--connections", 400, "--duration", 1, "--rate", 200)
        self.assertEqual(done.returncode, HELD, done.stdout + done.stderr)
        self.assertEqual([row["way"] for row in rows], ["unix socket", "TCP", "TLS"])
        for row in rows:
            self.assertEqual((row["opened"], row["answered"]), (400, 400))
            self.assertGreaterEqual(row["files"][1] - row["files"][0], 400)

    def test_of_more_calls_than_can_be_done_each_is_answered(self):
        # Whether enough of them are accepted depends on how quiet the machine is; that each accepted one is in the
        # journal and each other one is busy, permitload checks for itself.
        done, rows = self.run_load("overload", "--connections", 20, "--multiples", 3, "--runs", 1, "--duration", 2,
                                   "--warmup", 0.5)
        self.assertIn(done.returncode, (HELD, NOT_HELD), done.stdout + done.stderr)
        self.assertEqual(len(rows), 3)
        for row in rows:
            answered = row["accepted_per_second"]["median"] + row["busy_per_second"]["median"]
            self.assertGreater(answered, 0)

    def test_overload_by_turns_tells_each_turn(self):
        done = subprocess.run([BIN / "permitload", "overload", "--turns", "--connections", "20", "--runs", "2",
                               "--duration", "0.2", "--directory", self.scratch], capture_output=True, text=True, timeout=600)
        self.assertIn(done.returncode, (HELD, NOT_HELD), done.stdout + done.stderr)
        rates = re.findall(r"^\| \d+ \| (\d+), (\d+), (\d+) \| (\d+) \|$", done.stdout, re.MULTILINE)
        self.assertEqual(len(rates), 2, done.stdout)
        self.assertTrue(all(int(rate) > 0 for turn in rates for rate in turn), done.stdout)
        of_peak = re.search(r"^of the peak: ([\d.]+) % ± [\d.]+$", done.stdout, re.MULTILINE)
        self.assertIsNotNone(of_peak, done.stdout)
        self.assertEqual(done.returncode, HELD if float(of_peak[1]) >= 90 else NOT_HELD)

    @unittest.skipIf(is_sanitized(), "memory is judged")
    def test_a_soak_holds(self):
        done = self.soak("none")
        self.assertEqual(done.returncode, HELD, done.stdout + done.stderr)
        self.assertIn("<polyline", Path(self.scratch, "soak.svg").read_text())

    @unittest.skipIf(is_sanitized(), "memory is judged")
    def test_a_leak_is_noticed(self):
        # Each takes most of a minute: the second one where there is time.
        has_time = os.environ.get("PERMITD_SOAK", "0") != "0"
        for leak in ("connections", "subscriptions") if has_time else ("connections",):
            with self.subTest(leak):
                done = self.soak(leak)
                self.assertEqual(done.returncode, NOT_HELD, done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"\| files \| \*\*no\*\*")


if __name__ == "__main__":
    unittest.main()
