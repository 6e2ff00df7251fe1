#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "async/wake_up.hpp"
#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Makes parked tasks claimable again when their destination has room for them, best rank first, or
// one of them when a probe is due; ends those that a destination has refused for too long; and
// tells the store which destinations are open or busy.
class Unparker {
 public:
  // There are ready tasks in these lanes of the queue.
  using Flag = std::function<void(domain::QueueNo, unsigned)>;
  Unparker(const Context& context, Flag flag);

  // A call to this destination has ended, or a task has been parked: there may be something to do.
  void on_end(const http::Destination& to);

  boost::asio::awaitable<void> run();
  // One round over the destinations that tasks wait for.
  boost::asio::awaitable<void> run_once();
  // Looks at the store: finds what is parked there, whoever parked it, and what waits for too long.
  boost::asio::awaitable<void> scan();

  // As of the last scan.
  std::int64_t parked() const { return parked_; }
  double oldest_seconds() const;
  std::int64_t open() const { return open_; }

 private:
  struct Wanted {
    http::Destination to;
    std::optional<ParkedPlace> after;
    int count = 0;
  };
  std::vector<Wanted> plan();
  void plan_probe(const http::Destination& to, std::vector<Wanted>& wanted);
  bool due(const http::Destination& to);
  Millis next_look() const;
  boost::asio::awaitable<bool> unpark(std::vector<Wanted> wanted);
  boost::asio::awaitable<void> give_up_impatient();
  boost::asio::awaitable<void> give_up(const http::Destination& to, const http::Standing& standing);
  boost::asio::awaitable<void> tell_states();

  const Context& context_;
  Flag flag_;
  async::WakeUp wake_;
  std::string node_;
  bool fresh_ = true;       // states of earlier starts are still in the store
  bool had_parked_ = true;  // at the last scan
  std::map<http::Destination, Timestamp> not_before_;  // the next unparking
  std::map<store::DestinationName, store::DestinationRow> told_;
  std::atomic<std::int64_t> parked_{0}, oldest_ms_{0}, open_{0};
};

}  // namespace belfry::dispatch
