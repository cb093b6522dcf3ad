#!/usr/bin/env python3
"""The units as the service manager reads them: no unknown line, and the exposure stays low.

Needs systemd-analyze; ends as skipped where it is missing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT  # noqa: E402

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

    def test_io_uring_stays_allowed(self):
        unit = (self.directory / "permitd.service").read_text()
        filters = re.findall(r"^SystemCallFilter=(.*)$", unit, re.M)
        self.assertIn("@system-service", filters)
        denied = " ".join(line[1:] for line in filters if line.startswith("~"))
        for group in ("@aio", "@resources", "io_uring"):
            self.assertNotIn(group, denied)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        sys.exit(SKIPPED)
    unittest.main()
