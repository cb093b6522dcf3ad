#!/usr/bin/env python3
"""The units as the service manager reads them: no unknown line, and the exposure stays low.

Needs systemd-analyze; ends as skipped where it is missing.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon  # noqa: E402

SKIPPED = 77
EXPOSURE_MAX = 1.5


class Units(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="permitd-units-"))
        self.addCleanup(shutil.rmtree, self.directory)
        unit = (ROOT / "systemd/permitd.service.in").read_text()
        unit = unit.replace("@CMAKE_INSTALL_FULL_BINDIR@", str(BIN)).replace("@CMAKE_INSTALL_FULL_DOCDIR@", "/usr/share/doc")
        (self.directory / "permitd.service").write_text(unit)
        shutil.copy(ROOT / "systemd/permitd.socket", self.directory)

    def test_verify_has_nothing_to_say(self):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", self.directory / "permitd.service",
                               self.directory / "permitd.socket"], capture_output=True, text=True,
                              env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})
        ours = [line for line in done.stderr.splitlines() if "permitd" in line]
        self.assertEqual(ours, [])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_exposure_is_low(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                               self.directory / "permitd.service"], capture_output=True, text=True)
        found = re.search(r"Overall exposure level for permitd\.service: ([0-9.]+)", done.stdout)
        self.assertIsNotNone(found, done.stdout + done.stderr)
        self.assertLessEqual(float(found.group(1)), EXPOSURE_MAX)

    def test_memory_and_tasks_are_bounded_above_what_the_settings_allow(self):
        unit = (self.directory / "permitd.service").read_text()

        def limit(name):
            found = re.findall(rf"^{name}=(\d+)([KMG]?)$", unit, re.M)
            self.assertEqual(len(found), 1, name)
            return int(found[0][0]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[0][1]]
        settings = (ROOT / "systemd/permitd.toml").read_text()
        held = int(re.search(r'^#held_size_max = "(\d+) GiB"$', settings, re.M).group(1)) << 30
        connections = int(re.search(r"^#connections_max = (\d+)$", settings, re.M).group(1))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with Daemon(settings=[f"listen.http=127.0.0.1:{port}"]):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as page:
                tables = int(re.search(r"^permitd_scheduler_memory_bytes (\d+)$", page.read().decode(), re.M).group(1))
        wanted = (2 * tables + held + connections * (64 << 10)
                  + 1024 * (16 << 10) + 4096 * (28 << 10) + (256 << 20))
        self.assertGreater(limit("MemoryHigh"), wanted)
        self.assertLess(limit("MemoryHigh") - wanted, wanted / 2, "the comment's arithmetic is out of date")
        self.assertGreater(limit("MemoryMax"), limit("MemoryHigh"))
        self.assertEqual(limit("MemorySwapMax"), 0)
        self.assertGreater(limit("TasksMax"), 7 + 64)

    def test_io_uring_stays_allowed(self):
        unit = (self.directory / "permitd.service").read_text()
        filters = re.findall(r"^SystemCallFilter=(.*)$", unit, re.M)
        self.assertIn("@system-service", filters)
        denied = " ".join(line[1:] for line in filters if line.startswith("~"))
        for group in ("@aio", "@resources", "io_uring"):
            self.assertNotIn(group, denied)
        # Which calls a group holds is for the systemd of this machine to say.
        allowed = set()
        for line in filters:
            if line.startswith("~"):
                allowed -= self.calls_of(*line[1:].split())
            else:
                allowed |= self.calls_of(*line.split())
        for call in ("io_uring_setup", "io_uring_enter", "io_uring_register"):
            self.assertIn(call, allowed)

    def calls_of(self, *names):
        """System calls by name, those of groups within groups included."""
        calls = {name for name in names if not name.startswith("@")}
        for group in set(names) - calls:
            done = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True,
                                  text=True, check=True)
            lines = [line.strip() for line in done.stdout.splitlines()[1:]]
            calls |= self.calls_of(*(line for line in lines if line and not line.startswith("#")))
        return calls


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        sys.exit(SKIPPED)
    unittest.main()
