"""File systems on loop devices for tests as root, and a device whose cache a power cut loses.

Everything that was set up is taken down again in the reverse order, whatever happened; no loop device is
touched that was not set up here.
"""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

FIBMAP = 1  # ioctl: the block of the device that holds a block of a file
BLOCK = 4096
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-b", str(BLOCK)], "xfs": ["mkfs.xfs", "-q", "-f"]}
# A copy has the identity of the original, which is mounted.
MOUNT_OPTIONS = {"ext4": "noatime", "xfs": "noatime,nouuid"}


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    if check and done.returncode != 0:
        raise OSError(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done


def why_not():
    """Why there can be no such test here, or nothing."""
    if os.geteuid() != 0:
        return "not root: loop devices cannot be set up"
    for tool in ("losetup", "mount", "mkfs.ext4", "fsfreeze", "fallocate"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        try:
            image = Path(scratch) / "image"
            make_image(image, 16 << 20)
            attach(stack, image)
            mount_memory(stack, Path(scratch) / "memory", 1 << 20)
        except OSError as error:
            return f"no loop device or mount can be had: {error}"
    return ""


def file_systems():
    return [name for name, make in MAKE.items() if shutil.which(make[0])]


def make_image(path, size):
    with open(path, "wb") as image:
        image.truncate(size)


def fill_image(path, size):
    """Every block written and synced: overwriting one later changes nothing but its bytes."""
    piece = bytes(1 << 20)
    with open(path, "wb") as image:
        for _ in range(size >> 20):
            image.write(piece)
        image.flush()
        os.fsync(image.fileno())


def attach(stack, image):
    """A loop device over a file, until the stack is unwound."""
    device = run("losetup", "--find", "--show", image).stdout.strip()
    stack.callback(run, "losetup", "--detach", device, check=False)
    return device


def unmount(directory):
    # A file system that has lost its device may not want to go at once.
    if run("umount", directory, check=False).returncode != 0:
        run("umount", "--lazy", directory, check=False)


def mount(stack, device, directory, kind):
    directory.mkdir(exist_ok=True)
    run("mount", "-t", kind, "-o", MOUNT_OPTIONS[kind], device, directory)
    stack.callback(unmount, directory)
    return directory


def mount_memory(stack, directory, size):
    directory.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory)
    stack.callback(unmount, directory)
    return directory


def place_on_device(file, offset):
    """Where in the image of the file system the block of a file lies that holds `offset`."""
    with open(file, "rb") as opened:
        told = fcntl.ioctl(opened.fileno(), FIBMAP, struct.pack("i", offset // BLOCK))
    block = struct.unpack("i", told)[0]
    if block == 0:
        raise OSError(f"{file} has no block at {offset}")
    return block * BLOCK + offset % BLOCK


class CachedDisk:
    """A file system on a device with a volatile cache, of which a copy can be had as after a power cut.

    The device is a loop over a file of another file system, the cache: a write stays in that one's memory
    until a flush, or its own leisure, sends it on to its device, which is a loop over a file again. A third
    file system holds that file. Freezing the third stops the lower device at an instant and asks nobody above
    for anything; a copy of the file then holds what the device had, and not what was in the cache.
    """

    def __init__(self, stack, root, kind, size):
        self.kind = kind
        self.root = root
        memory = mount_memory(stack, root / "memory", 8 * size)
        self.copy = memory / "copy.img"
        make_image(memory / "base.img", 3 * size)
        self.base = self._make(stack, memory / "base.img", "base", "ext4")
        self.lower = self.base / "lower.img"
        make_image(self.lower, 2 * size)
        cache = self._make(stack, self.lower, "cache", "ext4")
        fill_image(cache / "disk.img", size)
        self.top = self._make(stack, cache / "disk.img", "top", kind)

    def _make(self, stack, image, name, kind):
        device = attach(stack, image)
        run(*MAKE[kind], device)
        return mount(stack, device, self.root / name, kind)

    @contextlib.contextmanager
    def power_cut(self):
        """The file system as it is found after a cut at this moment, in a directory of its own."""
        run("fsfreeze", "--freeze", self.base)
        try:
            run("cp", "--sparse=always", self.lower, self.copy)
        finally:
            run("fsfreeze", "--unfreeze", self.base)
        with contextlib.ExitStack() as stack:
            stack.callback(self.copy.unlink)
            cache = mount(stack, attach(stack, self.copy), self.root / "cut-cache", "ext4")
            yield mount(stack, attach(stack, cache / "disk.img"), self.root / "cut-top", self.kind)
