#include "store/write_line.hpp"

#include <algorithm>

namespace belfry::store {

namespace {

// Work in progress may wait in a longer line than what adds work.
constexpr std::size_t kLineForWork = 4;
constexpr std::size_t kLineForCreations = 2;
constexpr std::chrono::milliseconds kAgeMax{100};
// Shares of a batch that creations and upkeep get however much work in progress waits.
constexpr std::size_t kCreationsShare = 4;  // a quarter
constexpr std::size_t kUpkeepPerBatch = 4;
constexpr std::size_t kJobsPerTurn = 8;
// Empty lanes are kept for the next job up to so many.
constexpr std::size_t kLanesKept = 1'024;

bool is_upkeep(const Job& job) {
  return std::holds_alternative<TransactFn>(job.command) && job.purpose == Purpose::upkeep;
}

TenantId tenant_of(const Job& job) {
  const auto* submit = std::get_if<Submit>(&job.command);
  return submit != nullptr ? submit->task.tenant : TenantId{};
}

}  // namespace

bool creates(const Job& job) {
  return std::holds_alternative<Submit>(job.command) ||
         (std::holds_alternative<TransactFn>(job.command) && job.purpose == Purpose::change);
}

WriteLine::Arrival WriteLine::arrive(const Job& first, TimePoint now) const {
  Arrival arrival{.now = now, .waiting = size(), .has_its_share = false};
  if (arrival.waiting < limits_.waiting_max) return arrival;
  const auto lane = lanes_.find(tenant_of(first));
  const auto held = lane == lanes_.end() ? 0 : lane->second.jobs.size();
  arrival.has_its_share =
      held >= std::max<std::size_t>(limits_.waiting_max / (turns_.size() + 1), 1);
  return arrival;
}

bool WriteLine::admits(const Job& job, const Arrival& arrival) const {
  if (!creates(job)) return arrival.waiting < limits_.waiting_max * kLineForWork;
  if (arrival.has_its_share) return false;
  if (arrival.waiting >= limits_.waiting_max * kLineForCreations) return false;
  // What the next batch holds is written within one commit, however long the last one takes.
  if (creations_ < limits_.batch_max) return true;
  const auto lane = lanes_.find(tenant_of(job));
  if (lane == lanes_.end() || lane->second.jobs.empty()) return true;
  return arrival.now - lane->second.jobs.front().since <= kAgeMax;
}

void WriteLine::push(const Entry& entry) {
  if (is_upkeep(*entry.job)) return upkeep_.push_back(entry);
  if (!creates(*entry.job)) return work_.push_back(entry);
  auto& lane = lanes_[tenant_of(*entry.job)];
  if (lane.jobs.empty()) turns_.push_back(&lane);
  lane.jobs.push_back(entry);
  ++creations_;
}

void WriteLine::take(std::vector<Entry>& into, std::size_t max) {
  into.clear();
  max = std::max<std::size_t>(max, 1);
  const auto for_upkeep = std::min({upkeep_.size(), kUpkeepPerBatch, max - 1});
  const auto room = max - for_upkeep;
  const auto for_creations = std::min(creations_, room / kCreationsShare);
  take_front(work_, room - for_creations, into);
  take_creations(room - into.size(), into);
  take_front(upkeep_, max - into.size(), into);
}

void WriteLine::take_front(std::deque<Entry>& from, std::size_t count, std::vector<Entry>& into) {
  const auto n = static_cast<std::ptrdiff_t>(std::min(count, from.size()));
  into.insert(into.end(), from.begin(), from.begin() + n);
  from.erase(from.begin(), from.begin() + n);
}

void WriteLine::take_creations(std::size_t count, std::vector<Entry>& into) {
  const auto full = into.size() + std::min(count, creations_);
  while (into.size() < full) {
    auto* lane = turns_.front();
    turns_.pop_front();
    const auto before = into.size();
    take_front(lane->jobs, std::min(kJobsPerTurn, full - before), into);
    creations_ -= into.size() - before;
    if (!lane->jobs.empty()) turns_.push_back(lane);
  }
  if (creations_ == 0 && lanes_.size() > kLanesKept) lanes_.clear();
}

}  // namespace belfry::store
