#!/usr/bin/env python3
"""What bench/held does for half an hour on a quiet machine, in small and without a look at the clock: idle connections,
calls beyond what can be done, a soak, and two soaks with a leak put in on purpose, which must fail."""

import json
import os
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
