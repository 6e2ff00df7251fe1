#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <unordered_map>
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
  bool let_go = false;  // accepted by the target (202): others keep the lease

  void stop(Fate why);
};

// The attempts in flight. Single-threaded.
class Running {
 public:
  std::shared_ptr<Attempt> add(store::Claim::Task task);
  void remove(const Attempt& attempt);
  // The task was cancelled, or lost its lease, while this attempt ran.
  void stop(TaskId task, std::int32_t attempt, Fate why);
  void stop_all(Fate why);
  std::vector<std::shared_ptr<Attempt>> all() const;
  std::size_t size() const { return attempts_.size(); }

 private:
  std::unordered_map<TaskId, std::shared_ptr<Attempt>> attempts_;
};

}  // namespace belfry::dispatch
