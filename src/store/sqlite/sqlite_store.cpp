#include "store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/disk_reserve.hpp"
#include "store/sqlite/file_lock.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/snapshot.hpp"
#include "store/sqlite/writer.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kReaderCacheBytes = 16 * 1024 * 1024;

// One consistent snapshot for the whole call: a read transaction around it.
class SqliteReader final : public Reader {
 public:
  SqliteReader(const std::string& path, const std::string& vfs, const Clock& clock, ReadGate& gate)
      : gate_(gate),
        db_(path, Access::read_only, kReaderCacheBytes, vfs),
        numbers_(db_),
        snapshot_(Context{db_, clock, numbers_, nullptr}) {}

  void read(const std::function<void(Snapshot&)>& fn) override {
    const ReadGate::Pass pass(gate_);
    db_.statement(sql::connection::begin_read).run();
    try {
      fn(snapshot_);
    } catch (...) {
      db_.statement(sql::connection::roll_back).run();
      throw;
    }
    db_.statement(sql::connection::commit).run();
  }

 private:
  ReadGate& gate_;
  Database db_;
  Numbers numbers_;
  SqliteSnapshot snapshot_;
};

class SqliteBackend final : public Backend {
 public:
  explicit SqliteBackend(const Options& options)
      : path_(options.path),
        vfs_(options.vfs),
        lock_(options.path + ".lock"),
        own_clock_(options.clock ? nullptr : std::make_unique<AnchoredClock>()),
        clock_(options.clock ? *options.clock : *own_clock_),
        reserve_(options.path + ".reserve", options.reserve_bytes),
        db_(options.path, Access::read_write, options.cache_bytes, options.vfs),
        log_(db_, gate_, options.log_bytes_max) {
    prepare_schema(db_);
    flush_folder_of(path_);
    if (own_clock_) own_clock_->start_not_before(newest_time());
    end_push_leases();
    writer_ = std::make_unique<BatchWriter>(db_, clock_, options.random, DiskBounds{reserve_, log_},
                                            [](Context context, Executor& executor) {
                                              return std::make_unique<SqliteTransaction>(context,
                                                                                         executor);
                                            });
  }

  Writer& writer() override { return *writer_; }
  std::unique_ptr<Reader> make_reader() override {
    return std::make_unique<SqliteReader>(path_, vfs_, clock_, gate_);
  }
  StoreFacts facts() override;

 private:
  Timestamp newest_time();
  void end_push_leases();

  std::string path_, vfs_;
  FileLock lock_;
  std::unique_ptr<AnchoredClock> own_clock_;
  const Clock& clock_;
  DiskReserve reserve_;
  Database db_;
  ReadGate gate_;  // outlives the readers, as the store does
  LogBound log_;
  std::unique_ptr<BatchWriter> writer_;
};

// The pushes of the process that had this store before: nobody answers for them any more. On a full
// disk they end by themselves, a lease's time later.
void SqliteBackend::end_push_leases() {
  try {
    auto row = db_.statement(sql::upkeep::end_push_leases);
    row.bind(to_ms(clock_.now())).run();
  } catch (const Full&) {
    reserve_.give_up();
  }
}

Timestamp SqliteBackend::newest_time() {
  auto row = db_.statement(sql::upkeep::newest_time);
  return row.step() ? from_ms(row.integer(0)) : Timestamp{};
}

StoreFacts SqliteBackend::facts() {
  StoreFacts facts;
  facts.kind = "sqlite";
  facts.durability =
      "embedded SQLite, flushed before each answer; survives process and power loss, not the loss "
      "of this machine's disk";
  facts.newest_time = newest_time();
  auto row = db_.statement(sql::upkeep::newest_seq);
  if (row.step() && !row.is_null(0)) {
    const auto seq = row.integer(0);
    facts.highest_id_high = expand_high(seq);
    facts.newest_time = std::max(facts.newest_time, from_ms(seq >> 12));
  }
  std::error_code ignored;
  for (const auto* suffix : {"", "-wal"}) {
    const auto size = std::filesystem::file_size(path_ + suffix, ignored);
    if (!ignored) facts.bytes += static_cast<std::int64_t>(size);
  }
  return facts;
}

}  // namespace

std::unique_ptr<Backend> open(const Options& options) {
  try {
    return std::make_unique<SqliteBackend>(options);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("the store {}: {}", options.path, error.what()));
  }
}

}  // namespace belfry::store::sqlite
