#!/usr/bin/env python3
"""The daemon on real file systems whose block device loses its cache, has no room, or forgets.

Goal: what the simulation shows of a disk in memory holds of the kernel's file systems and block devices: a
power cut takes nothing acknowledged, a device that fails stops the daemon or its work, damage is named.
Method: loop devices (tests/support/block_devices.py) below a daemon that plays real records. A daemon whose
syncs do nothing is cut as well, and must be found out.

    block_device_test.py [--cuts N]     PERMITD_CUTS does the same

Needs root and loop devices; ends with 77 and says why where it cannot be.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from block_devices import (BLOCK, MAKE, CachedDisk, attach, file_systems, make_image, mount,  # noqa: E402
                           mount_memory, place_on_device, run, why_not)
from permitd_process import BIN, CITY, RECORDS, Daemon, Failed, Player, verify  # noqa: E402

DISK_SIZES = {"ext4": 192 << 20, "xfs": 320 << 20}  # mkfs.xfs makes nothing below 300 MiB
SETTINGS = ["journal.segment_size=8 MiB", "engine.snapshot_after_size=2 MiB"]
HEADER = 168  # bytes of a frame before its commands
# Longest time between two cuts, in seconds.
PAUSE_MAX = 0.4
# A daemon whose syncs do nothing must lose something in so many cuts.
CONTROL_CUTS_MAX = 12
# The writes as they are, but for what makes them durable.
NO_SYNC = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/uio.h>
ssize_t pwritev2(int file, const struct iovec *parts, int count, off_t offset, int flags) {
  ssize_t (*real)(int, const struct iovec *, int, off_t, int) = dlsym(RTLD_NEXT, "pwritev2");
  return real(file, parts, count, offset, flags & ~RWF_DSYNC);
}
ssize_t pwritev64v2(int file, const struct iovec *parts, int count, off_t offset, int flags) {
  return pwritev2(file, parts, count, offset, flags);
}
int fsync(int file) { return 0; }
int fdatasync(int file) { return 0; }
"""


class Lost(Failed):
    """Something that was acknowledged is not there."""


@contextlib.contextmanager
def playing(data, options=(), environment=None):
    """A daemon on `data` and permitctl replay, both ended afterwards."""
    daemon = Daemon(start_at="2019-05-18", settings=SETTINGS, data=data, options=options, environment=environment)
    player = None
    try:
        daemon.start()
        daemon.ctl("city", "load", "--yes", CITY)
        player = Player(daemon, RECORDS)
        yield daemon, player
    finally:
        if player is not None:
            player.close()
        daemon.close()


def check_cut(top, daemon, acknowledged):
    """What is found after a cut is the state of its op, and no older than what was acknowledged before it.

    Returns that op, and whether the daemon that went on could still be asked for its state: it may have given up the
    journal from before a newer snapshot.
    """
    data = top / "data"
    try:
        op, digest = verify(data)
    except Failed as failure:
        raise Lost(f"the journal is refused: {failure}") from failure
    if op < acknowledged:
        raise Lost(f"op {acknowledged} was acknowledged, the journal ends at op {op}")
    with contextlib.ExitStack() as stack:
        again = Daemon(start_at="2019-05-18", settings=SETTINGS, data=data)
        stack.callback(again.close)
        alive = again.start().digest()
    # A timer that was due fires on the way up; then the state has moved on.
    if alive[0] < op or (alive[0] == op and alive[1] != digest):
        raise Failed(f"the journal gives {(op, digest)}, the daemon has {alive}")
    backup = daemon.root / "backup"
    try:
        daemon.ctl("backup", backup, "--data", daemon.data)
        asked = run(BIN / "permitctl", "asof", op, "--data", backup, "digest", "--json", check=False)
    finally:
        shutil.rmtree(backup, ignore_errors=True)
    if "where op 1 is needed" in asked.stderr:
        return op, False
    if asked.returncode != 0 or digest not in asked.stdout:
        raise Failed(f"the one that went on had another state at op {op} than {digest}: {asked.stdout}{asked.stderr}")
    return op, True


def cut_power(stack, kind, cuts, chance):
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="permitd-cut-")))
    disk = CachedDisk(stack, root, kind, DISK_SIZES[kind])
    behind = compared = 0
    with playing(disk.top / "data") as (daemon, player):
        for cut in range(cuts):
            time.sleep(chance.uniform(0, PAUSE_MAX))
            if not player.running():
                player.finish()
                player = stack.enter_context(contextlib.closing(Player(daemon, RECORDS)))
            acknowledged = daemon.digest()[0]
            with disk.power_cut() as top:
                ahead = daemon.digest()[0]
                player.freeze()  # else the daemon has long given up what it is asked for
                try:
                    op, is_compared = check_cut(top, daemon, acknowledged)
                except Failed as failure:
                    raise type(failure)(f"{kind}, cut {cut + 1}: {failure}") from failure
                finally:
                    player.thaw()
            behind += 1 if op < ahead else 0
            compared += 1 if is_compared else 0
    if compared == 0:
        raise Failed(f"{kind}: after none of {cuts} cuts could the daemon that went on be asked for the state of then")
    print(f"block_device: {kind}: {cuts} power cuts, nothing acknowledged lost; the daemon was ahead of {behind}, "
          f"{compared} states compared with its own", flush=True)


def find_out_who_does_not_sync(stack, chance):
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="permitd-cut-")))
    disk = CachedDisk(stack, root, "ext4", DISK_SIZES["ext4"])
    source, library = root / "no_sync.c", root / "no_sync.so"
    source.write_text(NO_SYNC)
    run("cc", "-shared", "-fPIC", "-w", "-o", library, source)
    environment = dict(os.environ, LD_PRELOAD=str(library))
    environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    # Without io_uring every write is a call that the library sees.
    with playing(disk.top / "data", ["--io=epoll"], environment) as (daemon, player):
        run("sync", "-f", disk.top)  # so that there is a journal to be compared with
        for cut in range(CONTROL_CUTS_MAX):
            time.sleep(chance.uniform(0, PAUSE_MAX))
            acknowledged = daemon.digest()[0]
            with disk.power_cut() as top:
                try:
                    check_cut(top, daemon, acknowledged)
                except Lost as lost:
                    print(f"block_device: a daemon that does not sync was found out at cut {cut + 1}: "
                          f"{str(lost).splitlines()[0]}", flush=True)
                    return
    raise Failed(f"{CONTROL_CUTS_MAX} cuts of a daemon that does not sync lost nothing")


class SmallDevice:
    """A file system on a device whose own room is smaller than it says."""

    def __init__(self, stack, kind, room):
        self.stack = stack
        self.kind = kind
        self.root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="permitd-small-")))
        self.memory = mount_memory(stack, self.root / "memory", room)
        self.image = self.memory / "disk.img"
        self.ballast = self.memory / "ballast"
        make_image(self.image, DISK_SIZES[kind])
        self.mounted = stack.enter_context(contextlib.ExitStack())
        self.device = attach(stack, self.image)
        run(*MAKE[kind], self.device)
        self.mount()

    def mount(self):
        self.top = mount(self.mounted, self.device, self.root / "top", self.kind)

    def unmount(self):
        self.mounted.close()

    def give_back_zeros(self):
        """What was prepared for the journal is zeros, which the device then holds no room for."""
        run("sync", "-f", self.top)
        run("fallocate", "--dig-holes", self.image)

    def fill(self):
        with open(self.ballast, "ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(BLOCK)) == BLOCK:
                pass

    def make_room(self):
        self.ballast.unlink()


def fill_the_device(stack, kind):
    """The kernel fails the writes of a journal that had its room: the daemon stops or takes nothing more."""
    device = SmallDevice(stack, kind, DISK_SIZES[kind])
    with playing(device.top / "data") as (daemon, player):
        time.sleep(1)
        daemon.process.send_signal(signal.SIGSTOP)
        device.give_back_zeros()
        device.fill()
        daemon.process.send_signal(signal.SIGCONT)
        end = how_it_ends(daemon, player)
        player.freeze()
        daemon.kill()
        device.make_room()
        device.unmount()
        if kind == "ext4":
            run("e2fsck", "-fy", device.device, check=False)
        device.mount()
        dead = verify(daemon.data)
        daemon.start()
        alive = daemon.digest()
        if alive[0] < dead[0] or (alive[0] == dead[0] and alive != dead):
            raise Failed(f"the journal gives {dead}, the daemon has {alive}")
        player.thaw()
        player.finish()  # compares every submission that was acknowledged with the city
    print(f"block_device: {kind}: on a full device it {end}; with room again nothing was missing", flush=True)


def how_it_ends(daemon, player):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if daemon.process.poll() is not None:
            said = daemon.log_tail(40)
            if daemon.process.returncode != -signal.SIGABRT or "stopping at once" not in said:
                raise Failed(f"permitd ended with {daemon.process.returncode}:\n{said}")
            return "stopped: " + next(line for line in said.splitlines() if "stopping at once" in line)[3:]
        done = daemon.ctl("--timeout", "5s", "submit", "--district", 1, "--parcel", "1-1-1", check=None)
        if "full" in done.stderr:
            return "refused: " + done.stderr.strip().splitlines()[0]
    raise Failed(f"a full device went unnoticed:\n{daemon.log_tail()}")


def damage_the_device(stack, kind):
    """Sectors below the file system change while it is not mounted."""
    device = SmallDevice(stack, kind, 2 * DISK_SIZES[kind])
    data = device.top / "data"
    with playing(data) as (daemon, player):
        time.sleep(1)
        player.close()
        daemon.kill()
        op, digest = verify(data)
        used = [file for file in sorted(data.glob("journal.*")) if frames_of(file)]
        first, last = (used[0], frames_of(used[0])[1]), (used[-1], frames_of(used[-1])[-1])
        first_place, last_place = place_on_device(*first), place_on_device(*last)
        device.unmount()
        original = device.image.read_bytes()

        overwrite(device.image, first_place, os.urandom(512))
        device.mount()
        said = daemon.fail_to_start()
        if f"{first[0].name} at {first[1]}" not in said or "permitctl restore" not in said:
            raise Failed(f"the refusal does not name {first[0].name} at {first[1]}:\n{said}")
        before = {file.name: file.stat().st_mtime_ns for file in data.glob("[js]*")}
        device.unmount()

        # The last frame has nobody behind it to prove that it was durable: it is cut, and that is said.
        put_back(device.image, original, first_place)
        overwrite(device.image, last_place + HEADER, os.urandom(512))
        device.mount()
        if {file.name: file.stat().st_mtime_ns for file in data.glob("[js]*")} != before:
            raise Failed("a refused start has changed a file")
        cut_at = verify(data)[0]
        device.unmount()

        put_back(device.image, original, last_place)
        device.mount()
        if verify(data) != (op, digest):
            raise Failed("what was mended is not what it was")
        daemon.start()
        if daemon.digest()[0] < op:
            raise Failed(f"the daemon begins at op {daemon.digest()[0]}, not {op}")
    if cut_at >= op:
        raise Failed(f"without its last frame the journal of {op} ops gives op {cut_at}")
    print(f"block_device: {kind}: damaged sectors are named by file and offset, and gone when they are mended; "
          f"without its last frame the journal ends at op {cut_at} of {op}", flush=True)


def frames_of(journal):
    bytes_ = journal.read_bytes()
    # In a segment that was used before, what the earlier life left carries another number.
    number = int(journal.name.split(".")[1]).to_bytes(4, "little")
    return [at for at in range(0, len(bytes_), BLOCK)
            if bytes_[at:at + 8] == b"PERMITJ1" and bytes_[at + 16:at + 20] == number]


def overwrite(image, offset, sector):
    with open(image, "r+b") as opened:
        opened.seek(offset)
        opened.write(sector)


def put_back(image, original, offset):
    overwrite(image, offset, original[offset:offset + BLOCK])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=int(os.environ.get("PERMITD_CUTS", "6")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("PERMITD_SEED", time.time_ns() % 1_000_000)))
    options = parser.parse_args()
    reason = why_not()
    if reason:
        print(f"block_device: skipped: {reason}")
        return 77
    kinds = file_systems()
    print(f"block_device: {options.cuts} cuts, seed {options.seed}, on {' and '.join(kinds)}", flush=True)
    chance = random.Random(options.seed)
    begin = time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            find_out_who_does_not_sync(stack, chance)
        for kind in kinds:
            for part, arguments in ((cut_power, (-(-options.cuts // len(kinds)), chance)), (fill_the_device, ()),
                                    (damage_the_device, ())):
                with contextlib.ExitStack() as stack:
                    part(stack, kind, *arguments)
    except (Failed, OSError, subprocess.TimeoutExpired) as failure:
        print(f"block_device: FAILED (seed {options.seed}): {failure}", file=sys.stderr)
        return 1
    print(f"block_device: {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
