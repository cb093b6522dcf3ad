#!/usr/bin/env python3
"""A daemon whose start is refused leaves its data directory as it found it.

Goal: whoever looks into what stopped the start finds it untouched, and what is mended starts with everything in it.
Method: a real directory, spoilt in one place; every file but LOCK, which names the process that has it, is compared
byte for byte before and after the refusal.
"""

import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import ROOT, Daemon, verify  # noqa: E402

MINIMAL = ROOT / "city/minimal.toml"
BLOCK = 4096
COUNT_IN_HEADER = 64  # op_count, protocol/FORMAT.md


def flip(file, offset):
    with open(file, "r+b") as opened:
        opened.seek(offset)
        byte = opened.read(1)[0]
        opened.seek(offset)
        opened.write(bytes([byte ^ 4]))


class RefusedStart(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon().start()
        self.addCleanup(self.daemon.close)
        self.daemon.ctl("city", "load", "--yes", MINIMAL)
        self.daemon.ctl("submit", "--district", 1, "--parcel", "p1")
        self.daemon.ctl("snapshot")
        self.daemon.ctl("submit", "--district", 1, "--parcel", "p2")
        self.daemon.kill()
        self.state = verify(self.daemon.data)

    def files(self):
        return {file.name: file.read_bytes() for file in self.daemon.data.iterdir() if file.name != "LOCK"}

    def expect_refused(self, words):
        before = self.files()
        self.assertIn(words, self.daemon.fail_to_start())
        after = self.files()
        self.assertEqual(sorted(after), sorted(before))
        self.assertEqual([name for name in before if after[name] != before[name]], [])

    def expect_right(self):
        before = self.files()
        self.assertEqual(verify(self.daemon.data), self.state)
        self.daemon.start()
        self.daemon.kill()
        self.assertGreaterEqual(verify(self.daemon.data)[0], self.state[0])
        self.assertNotEqual(self.files(), before, "the control: a start that is not refused writes")

    def test_for_a_rotten_snapshot(self):
        [snapshot] = self.daemon.data.glob("snapshot.*")
        middle = snapshot.stat().st_size // 2
        flip(snapshot, middle)
        (self.daemon.data / "snapshot.tmp").write_bytes(b"half")
        self.expect_refused(snapshot.name)
        flip(snapshot, middle)
        self.expect_right()

    def test_for_a_damaged_header_of_a_batch(self):
        segment = self.daemon.data / "journal.000001"
        place = 2 * BLOCK + COUNT_IN_HEADER  # behind the marks of the creation and of the first lead
        flip(segment, place)
        self.expect_refused("journal.000001 at")
        flip(segment, place)
        self.expect_right()

    def test_for_a_lottery_key_that_others_may_read(self):
        key = self.daemon.data / "lottery.key"
        key.chmod(0o644)
        self.expect_refused("others may read it")
        key.chmod(0o600)
        self.expect_right()

    def test_for_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.daemon.arguments.append(f"--set=listen.tcp={address}")
            self.daemon.arguments.append("--set=listen.trust_loopback=true")
            self.expect_refused(address)
        self.expect_right()

    def test_for_an_address_of_health_and_metrics_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.daemon.arguments.append(f"--set=listen.http={address}")
            self.expect_refused(f"listen for HTTP on {address}")
        self.expect_right()

    def test_for_an_unknown_version(self):
        written = self.daemon.data / "FORMAT"
        whole = written.read_bytes()
        written.write_bytes(b"permitd journal\nformat 99.0\n")
        self.expect_refused("format 99.0")
        written.write_bytes(whole)
        self.expect_right()


if __name__ == "__main__":
    unittest.main()
