#!/usr/bin/env python3
"""Backups of a daemon that goes on, and what is restored from them.

Goal: a backup is the state that the daemon had at its op, to the bit; every op before can be had again; what
is damaged is refused with file and offset, and leaves nothing that looks like a journal. Method: real
processes, work going on all the while, digests compared with those that the original's files give.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon, verify  # noqa: E402

MINIMAL = ROOT / "city/minimal.toml"
BLOCK = 4096
HEADER = 168


def run(*arguments, check=0):
    done = subprocess.run([BIN / "permitctl", *map(str, arguments)], capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)
    if check is not None and done.returncode != check:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done


def flip(file, offset):
    with open(file, "r+b") as opened:
        opened.seek(offset)
        byte = opened.read(1)[0]
        opened.seek(offset)
        opened.write(bytes([byte ^ 1]))


class Backup(unittest.TestCase):
    """One daemon's life, shared by all tests: two backups were made while cases were filed."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon = Daemon().start()
        cls.addClassCleanup(daemon.close)
        daemon.ctl("city", "load", "--yes", MINIMAL)
        cls.first, cls.second = daemon.root / "first", daemon.root / "second"
        stopping = threading.Event()
        cls.filed = 0

        def file_cases():
            while not stopping.is_set():
                daemon.ask("submit", "--district", 1, "--parcel", f"p{cls.filed}")
                cls.filed += 1

        working = threading.Thread(target=file_cases)
        working.start()
        try:
            cls.first_said = cls.back_up(cls.first)
            daemon.ctl("snapshot")
            filed = cls.filed
            while cls.filed < filed + 5 and working.is_alive():
                stopping.wait(0.01)
            cls.second_said = cls.back_up(cls.second)
        finally:
            stopping.set()
            working.join()
        cls.last_op, cls.last_digest = daemon.digest()
        daemon.stop()

    @classmethod
    def back_up(cls, target):
        with_socket = ("--socket", cls.daemon.socket, "backup", target, "--data", cls.daemon.data)
        return json.loads(run(*with_socket).stdout)

    def past_digest(self, op):
        """What the original's files say of that op."""
        told = json.loads(run("asof", op, "--data", self.daemon.data, "digest", "--json").stdout)
        self.assertEqual(told["op"], op)
        return told["digestText"]

    def fresh(self, name):
        target = self.daemon.root / f"{self.id().rsplit('.', 1)[-1]}-{name}"
        self.addCleanup(shutil.rmtree, target, True)
        return target

    def spoilt(self, name="spoilt"):
        copy = self.fresh(name)
        shutil.copytree(self.second, copy)
        return copy

    def restore(self, backup, *options, check=0):
        target = self.fresh("restored")
        done = run("restore", backup, "--to", target, *options, check=check)
        if check == 0:
            said = json.loads(done.stdout)
            self.assertEqual(verify(target), (said["op"], said["digest"]))
            shutil.rmtree(target)
            return said
        self.assertFalse((target / "FORMAT").exists())
        return done.stderr

    # ---- what is whole ----

    def test_a_backup_under_way_is_the_state_that_was(self):
        self.assertGreater(self.filed, 5)
        self.assertLess(self.first_said["op"], self.second_said["op"])
        for said, directory in ((self.first_said, self.first), (self.second_said, self.second)):
            self.assertEqual(said["digest"], self.past_digest(said["op"]))
            self.assertEqual(verify(directory), (said["op"], said["digest"]))
        self.assertEqual(len(self.second_said["snapshots"]), 1)

    def test_every_op_can_be_had_again(self):
        # The city was loaded in batches of many commands: most of these ops lie within one.
        ops = sorted({1, 2, 17, 50, self.first_said["op"] - 1, self.second_said["op"] - 1})
        for op in ops:
            said = self.restore(self.second, "--op", op)
            self.assertEqual(said["op"], op)
            self.assertEqual(said["digest"], self.past_digest(op), op)

    def test_a_moment_can_be_had_again(self):
        self.assertEqual(self.restore(self.second, "--at", "2024-01-01")["op"], 0)
        self.assertEqual(self.restore(self.second, "--at", "2030-01-01")["op"], self.second_said["op"])

    def test_a_daemon_goes_on_from_what_was_restored(self):
        with Daemon() as other:
            other.kill()
            shutil.rmtree(other.data)
            run("restore", self.second, "--to", other.data)
            other.start()
            before = other.ask("stats")
            other.ask("submit", "--district", 1, "--parcel", "after")
            self.assertNotEqual(other.ask("stats"), before)
            self.assertEqual(other.stop(), 0)
            self.assertGreater(verify(other.data)[0], self.second_said["op"])

    def test_a_stopped_daemons_directory_is_backed_up_whole(self):
        target = self.fresh("whole")
        said = json.loads(run("backup", target, "--data", self.daemon.data, "--stopped").stdout)
        self.assertGreaterEqual(said["op"], self.last_op)
        self.assertEqual(self.past_digest(self.last_op), self.last_digest)

    # ---- what is refused ----

    def test_damage_is_named_and_leaves_nothing(self):
        copy = self.spoilt()
        flip(copy / "journal.000001", 3 * BLOCK + HEADER + 5)
        for done in (self.restore(copy, check=5), run("restore", "--verify", copy, check=5).stderr):
            self.assertRegex(done, r"journal\.000001 at 12288")
        self.assertEqual(self.restore(copy, "--op", 1)["op"], 1)  # what comes before it is whole

    def test_a_damaged_snapshot_is_named(self):
        copy = self.spoilt()
        snapshot = next(copy.glob("snapshot.*"))
        flip(snapshot, 64 + 24 + 100)
        self.assertRegex(self.restore(copy, check=5), rf"{snapshot.name} at \d+")

    def test_a_lost_end_is_noticed(self):
        # Nothing in the journal proves its last frame: the note beside it does.
        copy = self.spoilt()
        journal = copy / "journal.000001"
        blocks = journal.read_bytes()
        last = max(at for at in range(0, len(blocks), BLOCK) if blocks[at:at + 8] == b"PERMITJ1")
        with open(journal, "r+b") as opened:
            opened.seek(last)
            opened.write(bytes(BLOCK))
        self.assertIn(f"op {self.second_said['op']}", self.restore(copy, check=5))
        run("restore", "--verify", copy, check=5)
        flip(copy / "BACKUP", 20)
        self.assertIn("BACKUP", self.restore(copy, check=5))

    def test_another_format_is_refused_and_named(self):
        copy = self.spoilt()
        text = (copy / "FORMAT").read_text()
        (copy / "FORMAT").write_text(text.replace("format 2.0", "format 3.0"))
        for done in (self.restore(copy, check=1), run("restore", "--verify", copy, check=1).stderr):
            self.assertIn("format 3.0", done)

    def test_what_is_there_is_not_overwritten(self):
        before = {file.name: file.read_bytes() for file in self.first.iterdir()}
        self.assertIn("not empty", run("restore", self.second, "--to", self.first, check=1).stderr)
        self.assertIn("not empty",
                      run("backup", self.first, "--data", self.daemon.data, "--stopped", check=1).stderr)
        self.assertEqual({file.name: file.read_bytes() for file in self.first.iterdir()}, before)

    def test_an_op_that_never_was_is_no_damage(self):
        self.assertIn(f"the last one is {self.second_said['op']}",
                      self.restore(self.second, "--op", self.second_said["op"] + 1, check=1))

    def test_another_daemons_directory_is_not_mistaken_for_it(self):
        with Daemon() as other:
            other.ctl("city", "load", "--yes", MINIMAL)
            done = run("--socket", other.socket, "backup", self.fresh("wrong"), "--data", self.daemon.data, check=1)
            self.assertIn("no daemon runs on it", done.stderr)
            done = run("backup", self.fresh("running"), "--data", other.data, "--stopped", check=1)
            self.assertIn("it alone knows", done.stderr)


if __name__ == "__main__":
    unittest.main()
