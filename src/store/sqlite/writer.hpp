#pragma once

#include <memory>
#include <string>

#include "store/backend.hpp"
#include "store/sqlite/disk_reserve.hpp"
#include "store/sqlite/executor.hpp"
#include "store/sqlite/log_bound.hpp"
#include "store/sqlite/online_copy.hpp"
#include "store/sqlite/series.hpp"

namespace belfry::store::sqlite {

// What keeps the store within its disk.
// What the disk does to the writer, and what the writer finds on it.
struct DiskBounds {
  DiskReserve& reserve;
  LogBound& log;
  CopySlot& copies;
  DamageReports& damage;
};

// The one read-write connection's transactions (see Writer for the contract).
class BatchWriter final : public Writer {
 public:
  // Makes the Transaction that a TransactFn gets; it lives as long as the writer.
  using MakeTransaction = std::function<std::unique_ptr<Transaction>(Context, Executor&)>;
  BatchWriter(Database& db, const Clock& clock, Random* random, DiskBounds disk,
              const MakeTransaction& make);

  Committed run(std::span<Job*> jobs) override;
  bool full() override { return disk_.reserve.full(); }

 private:
  void load_totals();
  Result<Reply> execute(const Command& command);
  template <class C>
  Result<Reply> run_hot(const C& command);
  Result<> transact(const TransactFn& fn);
  void write_totals();
  void write_newest();
  void abandon();

  Database& db_;
  const Clock& clock_;
  Numbers numbers_;
  Batch batch_;
  SeriesRows series_;
  Executor executor_;
  std::unique_ptr<Transaction> transaction_;
  DiskBounds disk_;
  Timestamp newest_written_;
  bool broken_ = false;  // after the first I/O error nothing is tried again
};

}  // namespace belfry::store::sqlite
