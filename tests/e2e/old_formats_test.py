#!/usr/bin/env python3
"""Data directories that earlier versions have written open in this one, or are refused clearly.

Goal: what an installed daemon has written stays readable, with the state that it meant. Method: tests/fixtures
holds, per format, a data directory as its daemon left it when it was killed (script/story's city, a snapshot, work
behind it) and what it must give.

    old_formats_test.py             the test
    old_formats_test.py --record    writes the fixture of today's format, with the executables of PERMITD_BIN

When this fails, the state that an old journal gives or its layout has changed, or the format has a new number:

- A change of what is there raises MAJOR (protocol/FORMAT.md, "Version rule"; journal_format.h, snapshot_format.h).
  Then record the fixture of the new number. The old one stays, and is expected to be refused by both numbers.
- The same number with another digest is what this test is there to notice. Before the first release, when nobody
  has a journal, record the fixture again instead; afterwards never.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon, verify  # noqa: E402

FIXTURES = ROOT / "tests/fixtures"
START_AT = "2025-04-05"


def format_of(directory):
    """"2.0" of the second line of FORMAT."""
    return (directory / "FORMAT").read_text().splitlines()[1].removeprefix("format ")


def todays_format():
    with Daemon() as daemon:
        return format_of(daemon.data)


def unpack(stack, name):
    root = Path(tempfile.mkdtemp(prefix="permitd-format-"))
    stack(shutil.rmtree, root, True)
    with tarfile.open(FIXTURES / f"{name}.tar.xz") as packed:
        packed.extractall(root)
    return root / "data"


class OldFormats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.today = todays_format()
        cls.expected = {file.stem: json.loads(file.read_text()) for file in FIXTURES.glob("format-*.json")}

    def of_today(self):
        """Fixtures that this program reads: those of its major number."""
        return [name for name, expected in self.expected.items()
                if expected["format"].split(".")[0] == self.today.split(".")[0]]

    def test_there_is_a_fixture_of_todays_format(self):
        self.assertIn(f"format-{self.today}", self.expected, "a new format: see the head of this file")

    def test_it_gives_the_state_that_it_meant(self):
        for name in self.of_today():
            with self.subTest(name):
                data = unpack(self.addCleanup, name)
                expected = self.expected[name]
                wanted = (expected["op"], expected["digest"])
                self.assertEqual(verify(data), wanted, "see the head of this file")
                for snapshot in data.glob("snapshot.*"):
                    snapshot.unlink()
                self.assertEqual(verify(data), wanted, "the journal alone gives another state")

    def test_a_daemon_goes_on_from_it(self):
        for name in self.of_today():
            with self.subTest(name):
                data = unpack(self.addCleanup, name)
                with Daemon(start_at=START_AT, data=data) as daemon:
                    op, digest = daemon.digest()
                    self.assertGreaterEqual(op, self.expected[name]["op"])
                    if op == self.expected[name]["op"]:
                        self.assertEqual(digest, self.expected[name]["digest"])
                    daemon.ctl("get", 1)
                    daemon.ctl("advance", "+1h")
                    self.assertEqual(daemon.stop(), 0)
                self.assertGreater(verify(data)[0], op)

    def test_another_major_number_is_refused_by_both_names(self):
        others = set(self.expected) - set(self.of_today())
        for name in others:
            with self.subTest(name):
                data = unpack(self.addCleanup, name)
                done = subprocess.run([BIN / "permitd", "--verify", data], capture_output=True, text=True, timeout=60)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"format {self.expected[name]['format']}", done.stderr)
                self.assertIn(f"this program reads {self.today.split('.')[0]}.x", done.stderr)
        # A newer one, whether or not there are older ones yet.
        data = unpack(self.addCleanup, f"format-{self.today}")
        newer = f"{int(self.today.split('.')[0]) + 1}.0"
        text = (data / "FORMAT").read_text()
        (data / "FORMAT").write_text(text.replace(f"format {self.today}", f"format {newer}"))
        daemon = Daemon(data=data)
        self.addCleanup(daemon.close)
        said = daemon.fail_to_start()
        self.assertIn(f"format {newer}, this program reads {self.today.split('.')[0]}.x", said)

    def test_the_numbers_in_names_are_those_inside(self):
        for name, expected in self.expected.items():
            self.assertEqual(name, f"format-{expected['format']}")
            self.assertEqual(format_of(unpack(self.addCleanup, name)), expected["format"])


def record():
    scratch = Path(tempfile.mkdtemp(prefix="permitd-format-"))
    try:
        data = scratch / "data"
        subprocess.run([ROOT / "script/story", "--quiet", "--keep", data], check=True,
                       env={"PATH": "/usr/bin:/bin", "PERMITD_BIN": str(BIN)})
        with Daemon(start_at=START_AT, data=data) as daemon:
            daemon.ctl("snapshot")
            daemon.ctl("licence", "want", "--count", 60, "--note", "later")
            daemon.ctl("advance", "+2d")
            daemon.kill()
        op, digest = verify(data)
        name = f"format-{format_of(data)}"
        for spare in data.glob("spare.*"):
            spare.unlink()
        FIXTURES.mkdir(exist_ok=True)
        with tarfile.open(FIXTURES / f"{name}.tar.xz", "w:xz") as packed:
            packed.add(data, "data")
        (FIXTURES / f"{name}.json").write_text(
            json.dumps({"format": format_of(data), "op": op, "digest": digest}, indent=2) + "\n")
        print(f"tests/fixtures/{name}: op {op}, digest {digest}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--record", action="store_true")
    known, others = parser.parse_known_args()
    if known.record:
        record()
    else:
        unittest.main(argv=[sys.argv[0], *others])
