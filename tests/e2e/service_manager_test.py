#!/usr/bin/env python3
"""What a service manager and a sandbox do to the daemon: sockets that it passes, the watchdog that it keeps, and
io_uring that it forbids. The manager is played: notify socket, LISTEN_FDS, a filter of system calls.
"""

import contextlib
import ctypes
import ctypes.util
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, Daemon  # noqa: E402

PATIENCE_SECONDS = 60
WATCHDOG_SECONDS = 1.5  # the daemon feeds it three times as often

# Becomes the daemon under the pid that LISTEN_PID names, with the passed descriptors from 3 on, and with the system
# calls of io_uring answered by the errno given (0: left alone).
MANAGER = """
import ctypes, fcntl, os, struct, sys
files, forbidden, program = [int(n) for n in sys.argv[1].split(",") if n], int(sys.argv[2]), sys.argv[3:]
aside = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 100) for number in files]
for number in files:
    os.set_inheritable(number, False)
for i, number in enumerate(aside):
    os.dup2(number, 3 + i, inheritable=True)
if files:
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(files)))
if forbidden:
    load, equal, answer = 0x20, 0x15, 0x06
    calls = (425, 426, 427)  # io_uring_setup, _enter, _register, on every machine the same
    lines = [(load, 0, 0, 0)]  # the number of the call
    lines += [(equal, len(calls) - i, 0, call) for i, call in enumerate(calls)]
    lines += [(answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x00050000 | forbidden)]  # allow, or fail
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    filter = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(lines), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for what, value, more in ((38, 1, 0), (22, 2, ctypes.addressof(filter))):  # no new privileges; the filter
        if libc.prctl(what, ctypes.c_ulong(value), ctypes.c_ulong(more), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
            sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
os.execv(program[0], program)
"""


class ManagedDaemon(Daemon):
    """A daemon that a service manager starts."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.passed = []
        self.forbidden = 0
        self.told = {}

    def spawn(self):
        numbers = [each.fileno() for each in self.passed]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("LISTEN_", "NOTIFY_", "WATCHDOG_"))}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", MANAGER, ",".join(map(str, numbers)), str(self.forbidden), *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=numbers, env={**environment, **self.told})


class SocketActivation(unittest.TestCase):
    def daemon_with(self, *sockets, settings=()):
        daemon = ManagedDaemon(settings=settings)
        self.addCleanup(daemon.close)
        daemon.passed = list(sockets)
        return daemon

    def tcp(self, address, family=socket.AF_INET):
        listening = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(listening.close)
        listening.bind((address, 0))
        listening.listen()
        return listening

    def unix(self, path, kind=socket.SOCK_STREAM):
        listening = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(listening.close)
        listening.bind(str(path))
        if kind == socket.SOCK_STREAM:
            listening.listen()
        return listening

    def test_a_unix_socket_takes_the_place_of_our_own(self):
        daemon = self.daemon_with()
        ours, daemon.socket = daemon.socket, daemon.root / "passed"
        daemon.passed = [self.unix(daemon.socket)]
        daemon.start()
        self.assertFalse(ours.exists())
        log = daemon.log.read_text()
        self.assertIn(f"listening on {daemon.socket}, a socket of the service manager", log)
        self.assertIn(f"takes the place of listen.socket = {ours}", log)
        # Who has connected while no daemon was there is served by the next one.
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(daemon.socket.exists(), "the manager's, not ours to remove")
        waiting = subprocess.Popen([BIN / "permitctl", "--socket", daemon.socket, "--timeout", "60s", "health"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(waiting.wait)
        self.addCleanup(waiting.kill)
        daemon.start()
        self.assertEqual(waiting.wait(timeout=PATIENCE_SECONDS), 0)

    def test_several_sockets_are_all_served(self):
        daemon = self.daemon_with()
        first, second = daemon.root / "first", daemon.root / "second"
        daemon.passed = [self.unix(first), self.unix(second)]
        for daemon.socket in (first, second):
            if daemon.process is None:
                daemon.start()
            daemon.ctl("health")

    def test_plain_tcp_comes_in_at_this_machine_and_by_trust_alone(self):
        trusted = "listen.trust_loopback=true"
        refusals = [
            (self.tcp("0.0.0.0"), (trusted,), "not an address of this machine alone"),
            (self.tcp("0.0.0.0"), (), "not an address of this machine alone"),
            (self.tcp("127.0.0.1"), (), "listen.trust_loopback"),
        ]
        if socket.has_dualstack_ipv6():
            refusals.append((self.tcp("::", socket.AF_INET6), (trusted,), "not an address of this machine alone"))
        for listening, settings, reason in refusals:
            with self.subTest(address=listening.getsockname(), settings=settings):
                said = self.daemon_with(listening, settings=settings).fail_to_start()
                self.assertIn("take the passed socket 3", said)
                self.assertIn(reason, said)
        # One that may not be served among those that may: none is.
        daemon = self.daemon_with(settings=(trusted,))
        daemon.passed = [self.unix(daemon.root / "good"), self.tcp("0.0.0.0")]
        self.assertIn("take the passed socket 4", daemon.fail_to_start())

    def test_plain_tcp_that_is_trusted_is_served(self):
        listening = self.tcp("127.0.0.1")
        daemon = self.daemon_with(listening, settings=("listen.trust_loopback=true",))
        daemon.spawn()
        port = listening.getsockname()[1]
        done = subprocess.run([BIN / "permitctl", "--server", f"127.0.0.1:{port}", "--timeout", f"{PATIENCE_SECONDS}s",
                               "health"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr + daemon.log_tail())

    def test_what_is_no_listening_stream_is_refused(self):
        daemon = self.daemon_with()
        daemon.passed = [self.unix(daemon.root / "datagrams", socket.SOCK_DGRAM)]
        self.assertIn("it is not a stream", daemon.fail_to_start())
        daemon = self.daemon_with()
        deaf = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(deaf.close)
        deaf.bind(str(daemon.root / "deaf"))
        daemon.passed = [deaf]
        self.assertIn("does not listen", daemon.fail_to_start())
        with open(os.devnull) as file:
            daemon = self.daemon_with()
            daemon.passed = [file]
            self.assertIn("look at the passed socket 3", daemon.fail_to_start())


class HeldThread:
    """One thread of a child process stands still, the others go on: a tracer's interrupt, without a debugger."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
    WALL = 0x40000000

    def __init__(self, thread):
        self.thread = thread
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long] * 4
        self.libc.ptrace.restype = ctypes.c_long

    def call(self, request):
        if self.libc.ptrace(request, self.thread, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def __enter__(self):
        self.call(self.SEIZE)
        self.call(self.INTERRUPT)
        _, status = os.waitpid(self.thread, self.WALL)
        assert os.WIFSTOPPED(status), status
        return self

    def __exit__(self, *_):
        self.call(self.DETACH)


class Watchdog(unittest.TestCase):
    def setUp(self):
        self.daemon = ManagedDaemon()
        self.addCleanup(self.daemon.close)
        path = self.daemon.root / "notify"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notify.close)
        self.notify.bind(str(path))
        self.daemon.told = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}

    def lines_for(self, seconds):
        """What is told to the manager in that time."""
        lines = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.notify.settimeout(left)
            try:
                lines += self.notify.recv(4096).decode().splitlines()
            except TimeoutError:
                break
        return lines

    def wait_for(self, line):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while line not in self.lines_for(0.1):
            self.assertLess(time.monotonic(), deadline, f"no {line}\n{self.daemon.log_tail()}")

    def test_it_is_fed_while_the_engine_answers_and_no_longer(self):
        for settings in ((), ("threads.rpc=1",)):
            with self.subTest(settings=settings):
                for setting in settings:
                    self.daemon.arguments += ["--set", setting]
                self.daemon.spawn()
                self.wait_for("READY=1")
                self.wait_for("WATCHDOG=1")
                with self.held(self.daemon.process.pid):  # the first thread of the process is the engine's
                    # An answer of before may still be on its way. Then nothing comes, however long, while the thread
                    # that feeds the watchdog goes on.
                    self.lines_for(WATCHDOG_SECONDS)
                    told = self.lines_for(3 * WATCHDOG_SECONDS)
                self.assertEqual(told, [])
                self.wait_for("WATCHDOG=1")
                self.daemon.process.send_signal(signal.SIGTERM)
                self.wait_for("STOPPING=1")
                self.assertEqual(self.daemon.process.wait(timeout=PATIENCE_SECONDS), 0)

    @contextlib.contextmanager
    def held(self, thread):
        """The thread stands still meanwhile; where none can be held the test is skipped."""
        holder = HeldThread(thread)
        try:
            holder.__enter__()
        except OSError as error:
            self.skipTest(f"no thread can be held here: {error}")
        try:
            yield
        finally:
            holder.__exit__()

    def threads_named(self, name):
        """Numbers of the daemon's threads that carry this name."""
        tasks = Path(f"/proc/{self.daemon.process.pid}/task").iterdir()
        return sorted(int(task.name) for task in tasks if (task / "comm").read_text().strip() == name)

    def test_it_is_fed_while_each_network_thread_turns_and_no_longer(self):
        given = self.daemon.arguments
        for io in ("uring", "epoll"):
            with self.subTest(io=io):
                self.daemon.arguments = [*given, "--set", "threads.rpc=2", "--set", f"io={io}"]
                self.daemon.spawn()
                self.wait_for("READY=1")
                # Threads with no connection and nothing due count as alive, for as long as they sleep.
                self.lines_for(2 * WATCHDOG_SECONDS)
                self.wait_for("WATCHDOG=1")
                for name in ("rpc-1", "rpc-2"):
                    said = len(self.daemon.log.read_text())
                    [thread] = self.threads_named(name)
                    with self.held(thread):
                        # Asked once before it was missed: one meal more at the most. Then nothing comes.
                        self.lines_for(WATCHDOG_SECONDS)
                        told = self.lines_for(3 * WATCHDOG_SECONDS)
                    self.assertEqual(told, [], name)
                    self.wait_for("WATCHDOG=1")
                    self.assertIn(f"network thread {name[-1]} does not turn", self.daemon.log.read_text()[said:])
                said = len(self.daemon.log.read_text())
                with self.held(self.threads_named("rpc-1")[0]), self.held(self.threads_named("rpc-2")[0]):
                    self.lines_for(3 * WATCHDOG_SECONDS)
                self.wait_for("WATCHDOG=1")
                self.assertIn("network thread 1 does not turn, network thread 2 does not turn",
                              self.daemon.log.read_text()[said:])
                # The control: it is the network that is missed, not any thread that a tracer holds.
                helper = next(thread for thread in self.threads_named("permitd") if thread != self.daemon.process.pid)
                with self.held(helper):
                    self.lines_for(2 * WATCHDOG_SECONDS)  # what was fed before
                    self.wait_for("WATCHDOG=1")
                self.daemon.process.send_signal(signal.SIGTERM)
                self.wait_for("STOPPING=1")
                self.assertEqual(self.daemon.process.wait(timeout=PATIENCE_SECONDS), 0)

    def test_nothing_is_fed_that_was_not_asked_for(self):
        del self.daemon.told["WATCHDOG_USEC"]
        self.daemon.spawn()
        self.wait_for("READY=1")
        self.assertNotIn("WATCHDOG=1", self.lines_for(2 * WATCHDOG_SECONDS))


@unittest.skipUnless(platform.machine() in ("x86_64", "aarch64"), "the filter knows the numbers of these machines")
class ForbiddenRing(unittest.TestCase):
    EPERM, ENOMEM, EINVAL, ENOSYS = 1, 12, 22, 38

    def daemon_with(self, number, *options):
        daemon = ManagedDaemon(options=options)
        self.addCleanup(daemon.close)
        daemon.forbidden = number
        return daemon

    def test_the_start_is_refused_with_the_cause_and_the_way_out(self):
        for number, cause, way_out in (
                (self.EPERM, "it is forbidden here", "seccomp profile"),
                (self.ENOSYS, "does not offer it", "seccomp profile"),
                (self.EINVAL, "the kernel lacks deferred task work (Linux 6.1)", "boot Linux 6.1 or later"),
                (self.ENOMEM, "too little lockable memory", "Raise LimitMEMLOCK of the service")):
            with self.subTest(number=number):
                said = self.daemon_with(number).fail_to_start()
                self.assertIn("set up io_uring", said)
                self.assertIn(cause, said)
                self.assertIn("--io=epoll", said)
                self.assertIn(way_out, said)

    def test_epoll_does_without(self):
        for number in (self.EPERM, self.ENOSYS, self.EINVAL, self.ENOMEM):
            daemon = self.daemon_with(number, "--io=epoll").start()
            self.assertIn("epoll I/O", daemon.log.read_text())
            daemon.ctl("digest")
            self.assertEqual(daemon.stop(), 0)

    def test_the_control_uses_the_ring(self):
        daemon = self.daemon_with(0).start()
        self.assertIn("io_uring I/O", daemon.log.read_text())
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
