#include "store/sqlite/sqlite_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "base/log.hpp"
#include "domain/limits.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/disk_reserve.hpp"
#include "store/sqlite/file_lock.hpp"
#include "store/sqlite/online_copy.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/snapshot.hpp"
#include "store/sqlite/writer.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kReaderCacheBytes = 16 * 1024 * 1024;
// A clock that is behind by less was only adjusted.
constexpr Millis kBehindMax{2'000};
constexpr std::string_view kMovedBackFrom = "moved_back_from";
constexpr auto kWayOut =
    "if the disk is sound, restore a backup: move the whole folder away and run: belfry-scheduler "
    "restore BACKUP --data FOLDER, with its old name";

std::string suspicion_of(const std::string& path) {
  return path + ".suspect";
}

// One consistent snapshot for the whole call: a read transaction around it.
class SqliteReader final : public Reader {
 public:
  struct Shared {
    const Clock& clock;
    ReadGate& gate;
    DamageReports& damage;
  };
  SqliteReader(const std::string& path, const std::string& vfs, Shared shared)
      : gate_(shared.gate),
        db_(path, Access::read_only, kReaderCacheBytes, vfs),
        numbers_(db_),
        snapshot_(Context{db_, shared.clock, numbers_, nullptr, &shared.damage}) {}

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
        issuer_(options.new_issuer),
        reserve_(options.path + ".reserve", options.reserve_bytes),
        db_(options.path, Access::read_write, options.cache_bytes, options.vfs),
        log_(db_, gate_, options.log_bytes_max),
        copies_(db_) {
    check_if_suspected();
    prepare_schema(db_);
    flush_folder_of(path_);
    follow_clock();
    if (options.restored) begin_new_epoch();
    end_push_leases();
    keep_issuer();
    writer_ = std::make_unique<BatchWriter>(
        db_, clock_, options.random, DiskBounds{reserve_, log_, copies_, damage()},
        [](Context context, Executor& executor) {
          return std::make_unique<SqliteTransaction>(context, executor);
        });
  }

  Writer& writer() override { return *writer_; }
  std::unique_ptr<Reader> make_reader() override {
    return std::make_unique<SqliteReader>(path_, vfs_,
                                          SqliteReader::Shared{clock_, gate_, damage()});
  }
  StoreFacts facts() override;
  std::shared_ptr<Copy> copy_to(const std::string& file) override { return copies_.start(file); }

 private:
  void check_if_suspected();
  std::optional<Timestamp> newest_time();
  std::optional<std::int64_t> newest_seq();
  void follow_clock();
  void move_back(Timestamp now, Timestamp newest);
  void begin_new_epoch();
  void end_push_leases();
  void keep_issuer();

  std::string path_, vfs_;
  FileLock lock_;
  std::unique_ptr<AnchoredClock> own_clock_;
  const Clock& clock_;
  std::string issuer_;
  DiskReserve reserve_;
  Database db_;
  ReadGate gate_;  // outlives the readers, as the store does
  LogBound log_;
  CopySlot copies_;
  std::unique_ptr<BatchWriter> writer_;
};

// The pushes of the process that had this store before: nobody answers for them any more. On a full
// disk they end by themselves, a lease's time later.
void SqliteBackend::end_push_leases() {
  try {
    db_.statement(sql::upkeep::end_push_leases).bind(to_ms(clock_.now())).run();
    db_.statement(sql::upkeep::sum_leases_anew).run();
  } catch (const Full&) {
    reserve_.give_up();
  }
}

// Tokens name their issuer, and must survive a change of the address that the server listens on.
void SqliteBackend::keep_issuer() {
  if (issuer_.empty()) return;
  try {
    db_.statement(sql::upkeep::keep_issuer).bind_text(issuer_).run();
  } catch (const Full&) {
    reserve_.give_up();  // it is kept by a later start
  }
  auto row = db_.statement(sql::upkeep::meta);
  row.bind_text("issuer");
  if (row.step()) issuer_ = row.text(0);
}

void SqliteBackend::begin_new_epoch() {
  db_.statement(sql::connection::begin_write).run();
  db_.statement(sql::copies::void_leases).bind(to_ms(clock_.now())).run();
  db_.statement(sql::upkeep::sum_leases_anew).run();
  db_.statement(sql::copies::forget_signing_keys).run();
  db_.statement(sql::connection::commit).run();
}

std::optional<Timestamp> SqliteBackend::newest_time() {
  auto row = db_.statement(sql::upkeep::newest_time);
  return row.step() ? std::optional(from_ms(row.integer(0))) : std::nullopt;
}

std::optional<std::int64_t> SqliteBackend::newest_seq() {
  auto row = db_.statement(sql::upkeep::newest_seq);
  return row.step() ? row.maybe_integer(0) : std::nullopt;
}

void SqliteBackend::check_if_suspected() {
  const auto mark = suspicion_of(path_);
  if (!std::filesystem::exists(mark)) return;
  log().warn("the store failed in the last run: its whole file is checked, which may take a while");
  try {
    check_everything(db_);
  } catch (const std::runtime_error& fault) {
    throw Broken(fault.what());
  }
  std::filesystem::remove(mark);
  log().info("the store's file is sound");
}

// Ids never go back, due times follow the clock: what was reckoned from a later time than it shows
// moves back with it.
void SqliteBackend::follow_clock() {
  const auto now = clock_.now();
  const auto newest = newest_time();
  const auto seq = newest_seq();
  const auto ids_ahead = seq ? from_ms(*seq >> 12) - now : Millis{0};
  const bool moves = newest && *newest > now + kBehindMax;
  if (ids_ahead <= kBehindMax && !moves) return;
  db_.statement(sql::connection::begin_write).run();
  try {
    db_.statement(sql::upkeep::put_ids_ahead).bind(std::max(ids_ahead, Millis{0}).count()).run();
    if (moves) move_back(now, *newest);
    db_.statement(sql::connection::commit).run();
  } catch (const Full&) {
    db_.statement(sql::connection::roll_back).run();
    reserve_.give_up();
  }
}

// Once for each time that was recorded: while the clock is in doubt that one stays.
void SqliteBackend::move_back(Timestamp now, Timestamp newest) {
  {
    auto row = db_.statement(sql::upkeep::meta);
    row.bind_text(kMovedBackFrom);
    if (row.step() && row.integer(0) == to_ms(newest)) return;
  }
  const auto by = (newest - now).count();
  db_.statement(sql::upkeep::move_waits_back).bind(to_ms(now)).bind(by).run();
  db_.statement(sql::upkeep::move_ready_back).bind(to_ms(now)).run();
  db_.statement(sql::upkeep::shorten_worker_leases)
      .bind(to_ms(now))
      .bind(domain::kLeaseMax.count())
      .bind(static_cast<int>(LeaseKind::worker))
      .run();
  db_.statement(sql::upkeep::sum_anew).run();
  db_.statement(sql::upkeep::move_deliveries_back).bind(to_ms(now)).bind(by).run();
  db_.statement(sql::upkeep::set_meta).bind_text(kMovedBackFrom).bind(to_ms(newest)).run();
}

StoreFacts SqliteBackend::facts() {
  StoreFacts facts;
  facts.kind = "sqlite";
  facts.durability =
      "embedded SQLite, flushed before each answer; survives process and power loss, not the loss "
      "of this machine's disk";
  facts.newest_time = newest_time();
  facts.issuer = issuer_;
  if (const auto seq = newest_seq()) {
    facts.highest_id_high = expand_high(*seq);
    if (!facts.newest_time) facts.newest_time = from_ms(*seq >> 12);
  }
  std::error_code ignored;
  for (const auto* suffix : {"", "-wal"}) {
    const auto size = std::filesystem::file_size(path_ + suffix, ignored);
    if (!ignored) facts.bytes += static_cast<std::int64_t>(size);
  }
  return facts;
}

}  // namespace

void leave_suspicion(const std::string& path) noexcept {
  const int file = ::open(suspicion_of(path).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

std::unique_ptr<Backend> open(const Options& options) {
  try {
    return std::make_unique<SqliteBackend>(options);
  } catch (const Broken& error) {
    throw std::runtime_error(
        fmt::format("the store {}: {}; {}", options.path, error.what(), kWayOut));
  } catch (const Full& error) {
    throw std::runtime_error(fmt::format(
        "the store {}: {}; free at least 1 MB there and start again", options.path, error.what()));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("the store {}: {}", options.path, error.what()));
  }
}

}  // namespace belfry::store::sqlite
