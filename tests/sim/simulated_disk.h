// A disk with one directory on it and others below that, in memory, below the system calls that the
// daemon makes: the code above is the one that ships. Whatever a power cut may do to bytes and
// names that no sync has covered, it does; on request it fails, lies, forgets and mixes up besides.
//
// Journal frames that pass by are noted, so that a test knows at any moment what the device really
// keeps. Calls return −errno as the kernel does. One thread; not reentrant but through the hook.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/journal_format.h"
#include "tests/sim/failing_calls.h"
#include "tests/sim/fault_counts.h"
#include "tests/sim/simulated_file.h"

namespace permitd::tests {

/// Where the directory is; everything below belongs to the simulated disk.
inline constexpr char kSimulatedPath[] = "/simulated";

/// A journal frame that was written, and where.
struct FrameNote {
  protocol::FrameHeader header;
  std::shared_ptr<SimulatedFile> file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool stable = false;   // the device has it
  bool damaged = false;  // the device shows something else
  std::uint64_t last_op() const { return header.first_op + header.op_count - 1; }
};

class SimulatedDisk {
 public:
  explicit SimulatedDisk(FaultCounts& counts) : counts_(counts) {}

  // ---- what a test does to it ----
  /// Chance of everything that the disk decides; seeded anew before each step of a run.
  Chance chance{0};
  /// Of 1000: how likely each write under way completes when asked about.
  std::uint32_t complete_permille = 1000;
  /// False: nothing completes but for who waits.
  bool completes = true;
  /// The next calls of their kind that fail, with EIO.
  std::uint32_t read_errors = 0;
  std::uint32_t sync_errors = 0;
  std::uint32_t write_errors = 0;
  /// What goes wrong with the next write under way to complete, or of a frame that blocks.
  std::optional<Fault> next_write;
  /// The same for the next write that blocks and can suffer it, see take_blocking_fault().
  std::optional<Fault> next_blocking_write;
  bool full = false;
  /// A device that reports writes as done which it only has in its cache, and syncs that do
  /// nothing.
  bool lies = false;
  /// Called before calls that may take long, so that others can run meanwhile.
  std::function<void()> between_calls;
  /// Asked before each call whether it fails; null: none does.
  FailingCalls* failing = nullptr;
  /// The power goes inside this many more calls that change something; 0 = not planned.
  std::uint64_t cut_after_calls = 0;

  void cut_power();
  /// The process is gone; what it has under way arrives later.
  void kill();
  /// True from a cut or kill until the next start: every call fails and changes nothing.
  bool is_dead() const { return dead_; }
  /// A new process begins.
  void restart();
  /// Nothing that was planned to go wrong does, and what is damaged is mended.
  void calm_down();
  std::uint64_t changing_calls() const { return changing_calls_; }
  /// Of writes that block and are of no frame: those that something planned went wrong with.
  std::uint64_t blocking_faults() const { return blocking_faults_; }
  /// Those of them that were not for LOCK, which every start writes its process number into.
  std::uint64_t changes_beside_lock() const { return changes_beside_lock_; }

  const std::map<std::uint64_t, FrameNote>& frames() const { return frames_; }
  /// Newest op up to which the device keeps every frame.
  std::uint64_t op_stable() const;
  /// False when the file that a frame was written to has another use by now.
  bool is_kept(const FrameNote& note) const;
  std::shared_ptr<SimulatedFile> find(const std::string& name) const;
  std::string name_of_file(const SimulatedFile& file) const;
  /// Files of the directory at `path`, which is there.
  std::vector<std::string> names_at(const std::string& path) const;
  bool is_directory(const std::string& path) const;
  /// Name of an open file, empty for the directory.
  std::string name_of(int file) const;
  /// Flips a bit of what the device shows of a frame.
  void damage_frame(std::uint64_t number, std::uint64_t offset_in_frame, unsigned bit);
  bool is_damaged() const;
  void heal();
  std::size_t writing_count() const { return writes_.size(); }
  /// A hash of every byte of every frame, in the order of writing.
  std::uint64_t written_hash() const { return written_hash_; }

  // ---- durable writes that do not block ----
  void start_write(std::size_t slot, int file, std::span<const std::byte> bytes,
                   std::uint64_t offset);
  struct Done {
    std::size_t slot = 0;
    std::int64_t result = 0;
  };
  /// Completes one of the writes under way, the oldest or any.
  Done complete(std::size_t index);

  // ---- system calls ----
  static bool owns(std::string_view path);
  static bool owns(int file) { return file >= kFirstFile; }
  int open(const std::string& path, int flags);
  int close(int file);
  std::int64_t read(int file, std::span<std::byte> bytes, std::uint64_t offset);
  std::int64_t write(int file, std::span<const std::byte> bytes, std::uint64_t offset,
                     bool durable);
  int sync(int file);
  int resize(int file, std::uint64_t size, bool allocate);
  int size(int file, std::uint64_t& size) const;
  int size(const std::string& path, std::uint64_t& size) const;
  int flags(int file) const;
  int lock(int file);
  int make_directory(const std::string& path);
  int rename(const std::string& from, const std::string& to);
  int unlink(const std::string& path);
  /// Time passes for whoever waits for a lock: a write of a killed process arrives.
  void pause();

 private:
  static constexpr int kFirstFile = 1 << 24;

  struct Opened {
    std::shared_ptr<SimulatedFile> file;  // null: the directory
    int flags = 0;
  };
  struct Write {
    std::size_t slot = 0;
    std::shared_ptr<SimulatedFile> file;
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
    std::uint64_t frame = 0;
    bool durable = true;  // else the cache has it first
  };
  struct Renaming {  // a change of the directory that no sync has covered; no `to`: a removal
    std::string from;
    std::string to;
    std::shared_ptr<SimulatedFile> file;
  };
  using Names = std::map<std::string, std::shared_ptr<SimulatedFile>>;

  /// Counts a call that changes the file of that name; true when the power goes inside it.
  bool begin_change(std::string_view name);
  void change_names(const Renaming& change);
  static void apply(Names& names, const Renaming& change);
  void cut_names(CutMode mode);
  std::uint64_t note_frame(const std::shared_ptr<SimulatedFile>& file, std::uint64_t offset,
                           std::span<const std::byte> bytes);
  void mark_stable(std::uint64_t frame);
  void mark_damaged(const SimulatedFile& file, std::uint64_t offset, std::uint64_t size);
  /// Takes what is planned for a write that blocks to the file of that name.
  std::optional<Fault> take_blocking_fault(std::string_view name, bool is_frame);
  void arrive(const Write& write);
  std::int64_t finish(Write& write, Fault fault);
  bool misdirect(const Write& write);
  bool has_room(std::uint64_t more) const;

  FaultCounts& counts_;
  std::set<std::string> directories_;  // below the one; there at once and for ever
  Names names_;
  Names kept_names_;
  std::vector<Renaming> unsynced_;
  std::map<int, Opened> open_;
  int next_file_ = kFirstFile;
  std::vector<Write> writes_;
  std::vector<Write> orphans_;
  std::map<std::uint64_t, FrameNote> frames_;
  std::uint64_t stable_frame_ = 0;  // every frame up to it is stable
  std::uint64_t written_hash_ = 0;
  std::uint64_t changing_calls_ = 0;
  std::uint64_t blocking_faults_ = 0;
  std::uint64_t changes_beside_lock_ = 0;
  bool dead_ = false;
};

}  // namespace permitd::tests
