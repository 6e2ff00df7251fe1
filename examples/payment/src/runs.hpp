#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "belfry/json.hpp"

namespace payment {

bool has_ended(const belfry::client::Json& run);

// Reconciliation runs as files, one folder each: run.json, ledger.csv, settlement.csv, and the
// reports once they exist. Every change is on disk before a call returns. Thread-safe.
//
// A run is ACCEPTED until the scheduler has its task, then SUBMITTED, RUNNING from the first push
// on, and ends as COMPLETED or FAILED, with an errorMessage.
class Runs {
 public:
  explicit Runs(std::string folder);

  std::string create(std::string_view ledger, std::string_view settlement);
  std::optional<belfry::client::Json> find(const std::string& run_id) const;
  std::vector<belfry::client::Json> list() const;  // newest first
  std::vector<belfry::client::Json> open() const;  // that have not ended
  // False if there is no such run.
  bool update(const std::string& run_id, const std::function<void(belfry::client::Json&)>& change);
  std::optional<std::string> file(const std::string& run_id, const std::string& name) const;
  void put_file(const std::string& run_id, const std::string& name, std::string_view text);

 private:
  std::string path(const std::string& run_id, const std::string& name) const;

  std::string folder_;
  mutable std::mutex change_;  // a change reads and writes
  // Ids of runs that may not have ended: those of the folder at first, so that the list need not be
  // read again and again.
  std::set<std::string> open_;
};

}  // namespace payment
