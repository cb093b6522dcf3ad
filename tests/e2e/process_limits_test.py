#!/usr/bin/env python3
"""The whole daemon under an address space that is too small, from nearly nothing to enough: each start answers, or ends
with a status and a sentence; and the journal is afterwards what it was before. And under limits of open files."""

import re
import resource
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon, Failed, verify  # noqa: E402

MIB = 1 << 20
# From where not even the program can be loaded to more than it takes.
LIMITS_MIB = [8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416,
              448, 480, 512, 576, 640, 704, 768, 896, 1024, 1280, 1536, 2048]
# Below the first that is enough, where all but little is there.
FINE_MIB = 64
FINE_STEP_MIB = 4
ANSWER_SECONDS = 120


def is_sanitized():
    """A sanitizer reserves terabytes of addresses, so a limit says nothing there."""
    with open(BIN / "permitd", "rb") as program:
        return b"__asan_init" in (whole := program.read()) or b"__tsan_init" in whole


class LimitedDaemon(Daemon):
    limit = resource.RLIM_INFINITY
    files = resource.getrlimit(resource.RLIMIT_NOFILE)

    def spawn(self):
        def limit_addresses():
            resource.setrlimit(resource.RLIMIT_AS, (self.limit, self.limit))
            resource.setrlimit(resource.RLIMIT_NOFILE, self.files)
        self.socket.unlink(missing_ok=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=limit_addresses)


@unittest.skipIf(is_sanitized(), "a sanitizer reserves more addresses than any limit allows")
class AddressSpace(unittest.TestCase):
    def setUp(self):
        self.daemon = LimitedDaemon(settings=["engine.snapshot_after_size=0", "planner.interval_seconds=0",
                                              "memory.touched=true"])
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.daemon.ctl("city", "load", "--yes", ROOT / "city/minimal.toml")
        for number in range(60):
            self.daemon.ctl("submit", "--district", 1, "--parcel", f"1-22-{number}")
            if number == 30:
                self.daemon.ctl("snapshot")
        self.state = self.daemon.digest()
        self.daemon.kill()
        self.assertEqual(verify(self.daemon.data), self.state)

    def can_be_loaded(self, mebibytes):
        """False when the libraries that the program is linked with fail before its first line runs."""
        def limit_addresses():
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MIB, mebibytes * MIB))
        return subprocess.run([BIN / "permitd", "--version"], capture_output=True, preexec_fn=limit_addresses).returncode == 0

    def start_within(self, mebibytes):
        """True when it answers. Otherwise it has ended by itself, with a status and a sentence."""
        self.daemon.limit = mebibytes * MIB
        try:
            self.daemon.start()
        except Failed as failure:
            status = self.daemon.process.poll()
            self.assertIsNotNone(status, f"{mebibytes} MiB: {failure}")
            said = self.daemon.log.read_text(errors="replace")
            self.assertGreater(status, 0, f"{mebibytes} MiB: ended by signal {-status}: {said}")
            self.assertRegex(said, r"[Mm]emory|Resource temporarily unavailable", f"{mebibytes} MiB")
            return False
        state = self.daemon.digest()
        self.assertEqual(state, self.state, f"{mebibytes} MiB")
        self.daemon.kill()
        return True

    def test_a_start_that_lacks_memory_ends_with_a_sentence_and_costs_nothing(self):
        answered, refused = [], []
        for mebibytes in LIMITS_MIB:
            if not self.can_be_loaded(mebibytes):
                self.daemon.limit = mebibytes * MIB
                self.daemon.fail_to_start()
            elif self.start_within(mebibytes):
                answered.append(mebibytes)
            else:
                refused.append(mebibytes)
            self.assertEqual(verify(self.daemon.data), self.state, f"after a start within {mebibytes} MiB")
            if len(answered) == 3:
                break
        self.assertGreater(len(answered), 0, "no limit was enough")
        # What fails last are the first words of each thread.
        for mebibytes in range(answered[0] - FINE_MIB, answered[0], FINE_STEP_MIB):
            self.start_within(mebibytes)
        self.assertGreater(len(refused), 3, "hardly a start failed in the daemon itself")
        print(f"{len(refused)} starts refused, the first that answers has {answered[0]} MiB of addresses")


@unittest.skipIf(is_sanitized(), "a sanitizer's own memory is resident, too")
class Tables(unittest.TestCase):
    def resident_mib(self, daemon):
        status = Path(f"/proc/{daemon.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024

    def test_they_come_into_memory_beside_a_daemon_that_answers(self):
        with Daemon(settings=["memory.touched=true"]) as daemon:
            deadline = time.monotonic() + ANSWER_SECONDS
            while "are in memory after" not in daemon.log_tail(100):
                self.assertLess(time.monotonic(), deadline, daemon.log_tail())
                daemon.ctl("health")
            size = int(re.search(r"the tables, (\d+) MiB, are in memory", daemon.log_tail(100)).group(1))
            self.assertGreater(self.resident_mib(daemon), size)
        with Daemon() as daemon:
            self.assertLess(self.resident_mib(daemon), size)


class OpenFiles(unittest.TestCase):
    def start_with(self, files, connections_max):
        daemon = LimitedDaemon(settings=[f"connections.connections_max={connections_max}"])
        self.addCleanup(daemon.close)
        daemon.files = files
        daemon.start()
        limits = Path(f"/proc/{daemon.process.pid}/limits").read_text()
        return daemon, int(re.search(r"Max open files\s+(\d+)", limits).group(1))

    def test_the_soft_limit_is_raised_to_what_the_connections_need(self):
        daemon, limit = self.start_with((200, 2000), 1000)
        self.assertEqual(limit, 1256)
        self.assertNotIn("LimitNOFILE", daemon.log_tail(100))

    def test_a_hard_limit_that_is_too_low_is_said(self):
        daemon, limit = self.start_with((100, 300), 1000)
        self.assertEqual(limit, 300)
        self.assertIn("300 files may be open, 1256 are wanted", daemon.log_tail(100))


if __name__ == "__main__":
    unittest.main()
