#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

#include "store/backend.hpp"

namespace belfry::store {

struct WriteRequest;

// True for jobs that may add rows without bound: submissions, and transactions of Purpose::change.
bool creates(const Job& job);

struct LineLimits {
  std::size_t batch_max = 1'000;     // jobs per transaction
  std::size_t waiting_max = 20'000;  // beyond: creations are refused
};

// The jobs that wait for a transaction, in three lines. Work in progress (claims, ends, renewals)
// goes first, because it shortens every line. Creations come next, and their tenants take turns, so
// that the thousands of one do not delay another's first. Upkeep comes last. Each line gets a share
// of every batch, so none waits without end. Not thread-safe.
class WriteLine {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Entry {
    Job* job;
    WriteRequest* request;
    TimePoint since;
  };

  explicit WriteLine(LineLimits limits) : limits_(limits) {}

  // What a caller meets who comes with jobs of one tenant; the same for all of them, so that a bulk
  // is not cut in two.
  struct Arrival {
    TimePoint now;
    std::size_t waiting;
    bool has_its_share;  // the tenant, of a full line
  };
  Arrival arrive(const Job& first, TimePoint now) const;
  // False: the job is to be refused as overloaded. A creation is refused when waiting_max is
  // reached and its tenant has its share of that, or when more creations wait than one batch holds
  // and the oldest of its own tenant has waited for over 100 ms: a tenant that sends more than its
  // share refuses only itself. Creations are refused at twice waiting_max whoever sends them, and
  // other jobs at four times.
  bool admits(const Job& job, const Arrival& arrival) const;
  void push(const Entry& entry);
  // Moves the next batch to `into`, which it clears first: at most `max` jobs, and at least one if
  // any waits.
  void take(std::vector<Entry>& into, std::size_t max);

  std::size_t size() const { return work_.size() + creations_ + upkeep_.size(); }
  bool empty() const { return size() == 0; }

 private:
  struct Lane {
    std::deque<Entry> jobs;
  };

  void take_front(std::deque<Entry>& from, std::size_t count, std::vector<Entry>& into);
  void take_creations(std::size_t count, std::vector<Entry>& into);

  LineLimits limits_;
  std::deque<Entry> work_;
  std::deque<Entry> upkeep_;
  std::unordered_map<TenantId, Lane> lanes_;  // transactions of no known tenant share one
  std::deque<Lane*> turns_;                   // of the lanes that are not empty
  std::size_t creations_ = 0;
};

}  // namespace belfry::store
