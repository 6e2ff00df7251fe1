#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "belfry/json.hpp"

namespace notification {

struct BatchCounts {
  std::int64_t recipients = 0;
  std::int64_t delivered = 0;
  std::int64_t failed = 0;   // those that the scheduler refused included
  std::int64_t refused = 0;  // never became a task
  bool submitted = false;    // the scheduler has them all, but for the refused
  std::string error_message = {};
  std::int64_t pending() const { return recipients - delivered - failed; }
  // RUNNING, FINISHED when each recipient's task has ended, FAILED if some were refused.
  std::string status() const;
};

// How far a batch is handed over to the scheduler.
struct Handover {
  std::int64_t round = 0;            // each asks anew for those that wait
  std::vector<std::size_t> waiting;  // places among the recipients: not taken, not refused for good
  std::int64_t refused = 0;
  std::string error_message = {};  // of the first refusal, else why some wait
};

// Batches as files, one folder each: batch.json as it came, submitted.json with how far it is
// handed over, and an empty file for each task that ended, so that an end told twice counts once.
// Every change is on disk before a call returns. Thread-safe.
class Batches {
 public:
  explicit Batches(std::string folder);

  std::string create(const belfry::client::Json& batch);
  std::optional<belfry::client::Json> find(const std::string& batch_id) const;
  std::optional<BatchCounts> counts(const std::string& batch_id) const;
  // Before any was noted, all of the recipients wait.
  Handover handover(const std::string& batch_id, std::size_t recipients) const;
  void set_handover(const std::string& batch_id, const Handover& handover);
  // The end of one task of the batch; nothing happens if there is no such batch.
  void end_task(const std::string& batch_id, const std::string& task_id, bool delivered);
  // Ids of batches that were not over when last looked at.
  std::vector<std::string> open();

 private:
  std::string path(const std::string& batch_id) const { return folder_ + "/" + batch_id; }

  std::string folder_;
  std::mutex open_mutex_;
  std::set<std::string> open_;
};

}  // namespace notification
