#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "belfry/json.hpp"

namespace payment {

// Reconciliation runs as files, one folder each: run.json, ledger.csv, settlement.csv, and the
// reports once they exist. Every change is on disk before a call returns. Thread-safe.
class Runs {
 public:
  explicit Runs(std::string folder) : folder_(std::move(folder)) {}

  std::string create(std::string_view ledger, std::string_view settlement);
  std::optional<belfry::client::Json> find(const std::string& run_id) const;
  std::vector<belfry::client::Json> list() const;  // newest first
  // False if there is no such run.
  bool update(const std::string& run_id, const std::function<void(belfry::client::Json&)>& change);
  std::optional<std::string> file(const std::string& run_id, const std::string& name) const;
  void put_file(const std::string& run_id, const std::string& name, std::string_view text);

 private:
  std::string path(const std::string& run_id, const std::string& name) const;

  std::string folder_;
  std::mutex change_;  // a change reads and writes
};

}  // namespace payment
