"""Real processes for the tests written in Python: a daemon on a directory of its own, and permitctl.

The executables are those of PERMITD_BIN, or of the development build. Everything lives below a scratch
directory that is removed when the daemon is closed.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("PERMITD_BIN", ROOT / "build/dev/bin"))
CITY = ROOT / "city/tehran.toml"
RECORDS = ROOT / "city/records/chicago-2019-05-18.csv.gz"
START_SECONDS = 120  # a replay under a sanitizer on a busy machine


class Failed(AssertionError):
    pass


class Daemon:
    """permitd in rehearsal mode. `start` returns when it answers; `kill` is the machine's way to end it."""

    def __init__(self, start_at="2025-03-21", settings=(), binary=None, data=None, options=(), environment=None):
        # O_DIRECT needs a real file system, which the build directory is on and /tmp may not be.
        self.root = Path(tempfile.mkdtemp(prefix="permitd-", dir=os.environ.get("PERMITD_SCRATCH")))
        self.data = Path(data) if data else self.root / "data"
        self.environment = environment
        self.socket = self.root / "socket"
        self.log = self.root / "log"
        # /dev/null: what is installed on this machine is no business of a test.
        self.arguments = [str(binary or BIN / "permitd"), "--config", os.devnull, "--data", str(self.data), "--socket", str(self.socket),
                          f"--rehearsal={start_at}", "--set", "drain_seconds=1",
                          "--set", "journal.segment_size=16 MiB",
                          # A daemon of a test fills a hundredth of its tables, and is one of thousands.
                          "--set", "memory.touched=false"]
        for setting in settings:
            self.arguments += ["--set", setting]
        self.arguments += options
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def spawn(self):
        """Starts the process and does not wait for it to answer."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)

    def start(self):
        self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None:
                raise Failed(f"permitd ended with {self.process.returncode}:\n{self.log_tail()}")
            if not self.socket.exists():
                time.sleep(0.005)  # permitctl would try again for longer than most starts take
            elif self.ctl("--timeout", "5s", "health", check=None).returncode == 0:
                return self
            if time.monotonic() > deadline:
                raise Failed(f"permitd does not answer:\n{self.log_tail()}")

    def fail_to_start(self):
        """What the daemon says when it must not start."""
        self.spawn()
        if self.process.wait(timeout=START_SECONDS) == 0:
            raise Failed("permitd started, and ended well")
        return self.log_tail()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def close(self):
        self.kill()
        if os.environ.get("PERMITD_KEEP"):
            print(f"kept: {self.root}")
        else:
            shutil.rmtree(self.root, ignore_errors=True)

    def log_tail(self, lines=15):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ctl(self, *arguments, check=0, timeout=300):
        """Runs permitctl; `check` is the exit code wanted, None for any."""
        command = [str(BIN / "permitctl"), "--socket", str(self.socket), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check is not None and done.returncode != check:
            raise Failed(f"permitctl {' '.join(map(str, arguments))}\n"
                         f"ended with {done.returncode}, not {check}\n{done.stdout}{done.stderr}\n{self.log_tail()}")
        return done

    def ask(self, *arguments, check=0, timeout=300):
        """The answer of permitctl --json."""
        return json.loads(self.ctl("--json", *arguments, check=check, timeout=timeout).stdout)

    def digest(self):
        """(op, digest) of the running daemon."""
        answer = self.ask("digest")
        return answer["op"], answer["digestText"]

    def copy(self, name):
        """A copy of the data directory as it lies on the disk; only while no daemon runs on it."""
        target = self.root / name
        shutil.copytree(self.data, target)
        return target


class Player:
    """permitctl replay in the background; frozen while the state is compared. Another may follow it, on the same daemon:
    the records are moved by whole weeks to days, of UTC, that the daemon's clock has not begun."""

    def __init__(self, daemon, records):
        days = -(-daemon.ask("health")["now"] // (24 * 60 * 60 * 1000))
        self.log = daemon.root / "replay.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(BIN / "permitctl"), "--socket", str(daemon.socket), "replay", str(records),
                 "--city", str(CITY), "--no-load", "--verify", "--begin", str(date(1970, 1, 1) + timedelta(days))],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def freeze(self):
        if self.running():
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)

    def running(self):
        return self.process.poll() is None

    def finish(self):
        status = self.process.wait(timeout=1800)
        if status != 0:
            raise Failed(f"the replay ended with {status}:\n{self.log.read_text(errors='replace')[-4000:]}")

    def close(self):
        if self.running():
            self.process.kill()
            self.process.wait()


def verify(directory, binary=None):
    """(op, digest) that a replay of a data directory gives; fails on damage."""
    done = subprocess.run([str(binary or BIN / "permitd"), "--verify", str(directory)], capture_output=True, text=True,
                          timeout=600)
    if done.returncode != 0:
        raise Failed(f"permitd --verify ended with {done.returncode}: {done.stderr}{done.stdout}")
    answer = json.loads(done.stdout)
    return answer["op"], answer["digest"]
