#include "store/answers.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <ranges>

namespace belfry::store {

namespace {

// How many groups are compared before a new one is opened. Connections share one executor an I/O
// thread, so this is plenty there, and callers with a strand each do not make it quadratic.
constexpr std::size_t kGroupsCompared = 8;

// What is resumed between two looks of an executor at what else is ready: so many, and none once so
// much time has passed.
constexpr std::size_t kResumedAtOnce = 64;
constexpr std::chrono::milliseconds kResuming{2};

struct ResumeAll {
  boost::asio::any_io_executor executor;
  std::vector<Resumption> waiting;
  std::size_t next = 0;

  void operator()() {
    const auto end = std::min(next + kResumedAtOnce, waiting.size());
    const auto began = std::chrono::steady_clock::now();
    while (next < end && std::chrono::steady_clock::now() - began < kResuming) {
      auto resume = std::move(waiting[next++]);
      try {
        resume();
      } catch (...) {
        // One coroutine that lets an exception out of its executor must not strand the others.
        post_rest();
        throw;
      }
    }
    post_rest();
  }

  void post_rest() {
    if (next == waiting.size()) return;
    const auto on = executor;
    boost::asio::post(on, ResumeAll(std::move(*this)));
  }
};

}  // namespace

void Answers::add(Waiter waiter) {
  if (!waiter.executor) {
    waiter.resume();
    return;
  }
  const auto recent = groups_ | std::views::reverse | std::views::take(kGroupsCompared);
  const auto found = std::ranges::find(recent, waiter.executor, &Group::executor);
  if (found != recent.end()) {
    found->waiting.push_back(std::move(waiter.resume));
    return;
  }
  auto& group = groups_.emplace_back(std::move(waiter.executor));
  group.waiting.push_back(std::move(waiter.resume));
}

void Answers::deliver() {
  for (auto& group : groups_) {
    const auto on = group.executor;
    boost::asio::post(on, ResumeAll{std::move(group.executor), std::move(group.waiting)});
  }
  groups_.clear();
}

}  // namespace belfry::store
