#include "dispatch/scrubber.hpp"

#include "async/wake_up.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

// 100 tasks a second, a million in three hours. A few at a time, as what comes meanwhile waits for
// the core that they use.
constexpr int kBatch = 10;
constexpr Millis kInterval{100};
constexpr Millis kRest{10'000};  // between two rounds

}  // namespace

asio::awaitable<void> Scrubber::run() {
  while (co_await async::sleep_for(rests_ ? kRest : kInterval, context_.stop)) {
    co_await run_once();
  }
}

asio::awaitable<void> Scrubber::run_once() {
  const auto from = place_;
  std::function<std::int64_t(store::Snapshot&)> read = [from](store::Snapshot& snapshot) {
    return snapshot.tasks().scrub_all_tenants(from, kBatch);
  };
  const auto next = co_await context_.gateway.read<std::int64_t>(std::move(read));
  if (!next) co_return;  // the store is away or behind: the same ones later
  place_ = *next;
  rests_ = place_ == 0;
  if (rests_) context_.instruments.scrubs.add();
}

}  // namespace belfry::dispatch
