// Sends the system calls that the daemon's files are made with to a simulated disk. The linker puts
// the functions of this file in front of the C library's (--wrap); paths and descriptors that do
// not belong to the disk go on to the kernel. One disk at a time, one thread.
#pragma once

#include "tests/sim/simulated_disk.h"

namespace permitd::tests {

/// While it lives, the disk is what is below kSimulatedPath, and getrandom() is drawn from a seed.
class MountedDisk {
 public:
  MountedDisk(SimulatedDisk& disk, std::uint64_t seed);
  ~MountedDisk();
  MountedDisk(const MountedDisk&) = delete;
  MountedDisk& operator=(const MountedDisk&) = delete;
};

}  // namespace permitd::tests
