#!/usr/bin/env python3
"""The same journal gives the same state under every build there is: release, development, sanitizers.

A short rehearsal is recorded by the build under test; then each build's permitd replays the files, and
each digest must be the one that the running process had.
"""

import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon, verify  # noqa: E402


def builds():
    """Executables of all builds beside the one under test, the one under test first."""
    own = (BIN / "permitd").resolve()
    others = sorted(path.resolve() for path in BIN.parent.parent.glob("*/bin/permitd"))
    return [own] + [path for path in others if path != own and os.access(path, os.X_OK)]


class Determinism(unittest.TestCase):
    def record(self):
        """A data directory with a bit of everything, and the digest that the process had."""
        daemon = Daemon(start_at="2019-05-18", settings=["engine.snapshot_after_size=0"]).start()
        self.addCleanup(daemon.close)
        daemon.ctl("replay", ROOT / "city/records/chicago-2019-05-18.csv.gz", "--city",
                   ROOT / "city/tehran.toml", "--limit", 400, "--verify", timeout=600)
        running = daemon.digest()
        daemon.kill()
        return daemon, running

    def test_every_build_replays_to_the_digest_of_the_running_process(self):
        daemon, running = self.record()
        self.assertGreater(running[0], 4000, "the recording is too short to prove anything")
        for binary in builds():
            with self.subTest(build=binary.parent.parent.name):
                self.assertEqual(verify(daemon.data, binary), running)

    def test_a_changed_byte_is_found(self):
        daemon, _ = self.record()
        segment = min(Path(daemon.data).rglob("journal.*"))
        with open(segment, "r+b") as file:
            file.seek(3 * 4096 + 200)
            byte = file.read(1)
            file.seek(3 * 4096 + 200)
            file.write(bytes([byte[0] ^ 1]))
        done = subprocess.run([BIN / "permitd", "--verify", daemon.data], capture_output=True, text=True)
        self.assertEqual(done.returncode, 5, done.stdout + done.stderr)
        self.assertIn(segment.name, done.stderr)


if __name__ == "__main__":
    unittest.main()
