#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "store/commands.hpp"

namespace belfry::dispatch {

// Why an attempt in flight is to stop early.
enum class Fate { runs, cancelled, lease_lost, draining };

// One attempt in this process: its lease is renewed, and it can be aborted.
struct Attempt {
  store::Claim::Task task;
  boost::asio::cancellation_signal abort;
  Fate fate = Fate::runs;
  bool aborts = false;  // its work has begun and has not ended: `abort` has something to end

  void stop(Fate why);
};

// The attempts in flight; two of one task while the older one's end is not told here yet.
// Single-threaded.
class Running {
 public:
  // Between these, claims are on their way to the store: what ends one of their attempts may be
  // told before the claim is answered, and is kept for it.
  void expect_claims();
  void claims_are_answered();

  std::shared_ptr<Attempt> add(store::Claim::Task task);
  void remove(const Attempt& attempt);
  // The attempt goes on under the number and lease of the task's next one.
  void renumber(const std::shared_ptr<Attempt>& attempt, store::LeaseToken token);
  // The task was cancelled, or lost its lease, while this attempt ran.
  void stop(TaskId task, std::int32_t attempt, Fate why);
  void stop_all(Fate why);
  std::vector<std::shared_ptr<Attempt>> all() const;
  std::size_t size() const { return attempts_.size(); }

 private:
  using Key = std::pair<TaskId, std::int32_t>;
  static Key key_of(const Attempt& attempt);

  std::map<Key, std::shared_ptr<Attempt>> attempts_;
  std::map<Key, Fate> told_early_;
  bool expecting_ = false;
};

}  // namespace belfry::dispatch
