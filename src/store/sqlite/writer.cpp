#include "store/sqlite/writer.hpp"

#include <sqlite3.h>

#include "base/log.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/trouble.hpp"

namespace belfry::store::sqlite {

namespace {

constexpr std::chrono::seconds kNewestEvery{1};

}  // namespace

BatchWriter::BatchWriter(Database& db, const Clock& clock, Random* random, DiskBounds disk,
                         const MakeTransaction& make)
    : db_(db),
      clock_(clock),
      numbers_(db),
      series_(db),
      executor_(Context{db, clock, numbers_, &batch_, &disk.damage}, random),
      transaction_(make(Context{db, clock, numbers_, &batch_, &disk.damage}, executor_)),
      disk_(disk) {
  load_totals();
}

void BatchWriter::load_totals() {
  auto stored = db_.statement(sql::stored::every);
  while (stored.step()) batch_.load_stored(stored.integer(0), stored.integer(1));
  auto row = db_.statement(sql::upkeep::totals);
  while (row.step()) {
    batch_.load_total({row.integer(0), row.integer(1), static_cast<domain::Status>(row.integer(2))},
                      row.integer(3));
  }
}

Result<> BatchWriter::transact(const TransactFn& fn) {
  db_.statement(sql::connection::savepoint).run();
  const auto mark = batch_.mark();
  const auto ended = executor_.mark();
  Result<> result;
  try {
    result = fn(*transaction_);
  } catch (const Damaged&) {
    result = fail(refusal_damaged());
  } catch (const Failure&) {
    throw;  // the whole batch fails
  } catch (const std::exception& error) {
    log().error("transaction failed reason=\"{}\"", error.what());
    result = fail(ErrorCode::internal, "the transaction failed");
  }
  if (!result) {
    db_.statement(sql::connection::roll_back_to).run();
    batch_.roll_back(mark);
    executor_.roll_back(ended);
    numbers_.forget();
  }
  db_.statement(sql::connection::release).run();
  return result;
}

// A command looks at what it needs before it writes, so that one that meets a damaged row leaves no
// trace.
template <class C>
Result<Reply> BatchWriter::run_hot(const C& command) {
  try {
    auto reply = executor_.run(command);
    if (!reply) return fail(std::move(reply.error()));
    return Reply{std::move(*reply)};
  } catch (const Damaged&) {
    return fail(refusal_damaged());
  }
}

Result<Reply> BatchWriter::execute(const Command& command) {
  return std::visit(
      [this](const auto& c) -> Result<Reply> {
        if constexpr (std::is_same_v<std::decay_t<decltype(c)>, TransactFn>) {
          auto done = transact(c);
          if (!done) return fail(std::move(done.error()));
          return Reply{};
        } else {
          return run_hot(c);
        }
      },
      command);
}

void BatchWriter::write_totals() {
  for (const auto& [key, n] : batch_.changed_totals()) {
    auto row = db_.statement(sql::upkeep::put_total);
    row.bind(key.tenant_no).bind(key.queue_no).bind(static_cast<int>(key.status)).bind(n).run();
  }
  for (const auto& [tenant_no, bytes] : batch_.changed_stored()) {
    db_.statement(sql::stored::put).bind(tenant_no).bind(bytes).run();
  }
}

// A start compares its wall clock with this. While that one is in doubt the recorded time stays, so
// that the next start judges by it again.
void BatchWriter::write_newest() {
  const auto now = clock_.now();
  if (clock_.in_doubt()) {
    db_.statement(sql::upkeep::put_newest_seq).bind(executor_.newest_seq()).run();
    newest_written_ = {};
    return;
  }
  if (now - newest_written_ < kNewestEvery) return;
  auto row = db_.statement(sql::upkeep::put_newest);
  row.bind(to_ms(now)).bind(executor_.newest_seq()).run();
  newest_written_ = now;
}

void BatchWriter::abandon() {
  // SQLite rolls back by itself after some errors.
  if (sqlite3_get_autocommit(db_.handle()) == 0) {
    try {
      db_.statement(sql::connection::roll_back).run();
    } catch (const Failure& failure) {
      log().error("roll-back failed reason=\"{}\"", failure.what());
    }
  }
  batch_.roll_back_all();
  numbers_.forget();
  series_.forget();
  newest_written_ = {};
  executor_.forget();
}

Committed BatchWriter::run(std::span<Job*> jobs) {
  if (broken_) throw Broken("the store has failed before");
  try {
    db_.statement(sql::connection::begin_write).run();
    for (auto* job : jobs) job->reply = execute(job->command);
    series_.write(batch_.events(), batch_.names());
    write_totals();
    write_newest();
    db_.statement(sql::connection::commit).run();
    disk_.log.after_commit();
    disk_.copies.after_commit();
    executor_.committed();
    return batch_.finish();
  } catch (const Full&) {
    // First, so that the roll-back itself has room.
    disk_.reserve.give_up();
    abandon();
    throw;
  } catch (const Unavailable&) {
    abandon();
    throw;
  } catch (...) {
    broken_ = true;
    abandon();
    throw;
  }
}

}  // namespace belfry::store::sqlite
