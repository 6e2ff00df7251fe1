#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace belfry::http {

struct GateOptions {
  int in_flight_max = 128;  // per key
  // How many a key begins with; one more with each healthy call, half as many after a failed one.
  // So a thousand destinations that hang hold few calls each. 0: in_flight_max from the start.
  int in_flight_first = 0;
  int failures_to_open = 5;   // in a row
  Millis probe_first{5'000};  // then doubled up to probe_max while it stays broken
  Millis probe_max{60'000};
  Millis wait_max{1'000};         // how long enter() waits
  Millis put_off_max{60'000};     // how far put_off() spreads a few; the many it spreads further
  std::size_t keys_max = 65'536;  // idle and healthy ones are forgotten first
};

// Stands before calls to one destination of one tenant (the key): bounds how many are in flight,
// and stops calling one that keeps failing (PROMISES P11). Single-threaded, on the executor given.
class DestinationGate {
 public:
  DestinationGate(boost::asio::any_io_executor executor, const Clock& clock, GateOptions options);
  ~DestinationGate();

  // While the breaker is open: when it next lets a probe through. Nothing: go on.
  std::optional<Timestamp> closed_until(const std::string& key) const;
  // The breaker is open and no probe is under way whose answer could be waited for.
  bool refuses(const std::string& key) const;
  // Since when it has been open without a healthy call.
  std::optional<Timestamp> open_since(const std::string& key) const;

  // Who comes now would wait for longer than wait_max, as the destination answers at present (or
  // does not): it had better come again later.
  bool crowded(const std::string& key) const;
  // When to come again: each caller after the other, at the pace at which the destination has
  // answered, but not for ever, as it may have become quicker, or well again. However many come, no
  // more than 500 a second come again.
  Timestamp put_off(const std::string& key);

  // Right of way for one call; give it back by `done`, or by destroying it (which counts neither as
  // success nor as failure).
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass();
    void done(bool healthy);
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class DestinationGate;
    Pass(DestinationGate* gate, std::string key, Timestamp since, bool probe)
        : gate_(gate), key_(std::move(key)), since_(since), probe_(probe) {}
    void give_back(std::optional<bool> healthy);
    DestinationGate* gate_ = nullptr;
    std::string key_;
    Timestamp since_;
    bool probe_ = false;  // let through by an open breaker, which is judged by it alone
  };
  // At once, or nothing if the destination is at its cap or its breaker is open.
  Pass try_enter(const std::string& key);
  // Waits for a turn, first come first served, for wait_max at the most; nothing if it did not
  // come, the breaker opens meanwhile or the wait is cancelled (Asio cancellation).
  boost::asio::awaitable<Pass> enter(std::string key);

 private:
  struct Entry {
    int in_flight = 0;
    int window = 0;  // 0: as it begins
    int failures = 0;
    Millis probe_wait{0};
    std::optional<Timestamp> open_since, open_until;  // both or none
    bool probing = false;
    double duration_ms = 0;  // of a call, smoothed; 0: none has ended yet
    Timestamp busy_since;    // when a call last ended, or began while none was under way
    Timestamp tail;          // until when the last one was put off
    std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting;
  };
  int first_window() const;
  int window_of(const Entry& entry) const;
  double pace_ms(const Entry& entry) const;
  bool may_enter(const Entry& entry) const;
  void take(Entry& entry);
  void leave(const Pass& pass, std::optional<bool> healthy);
  void judge(Entry& entry, bool healthy);
  // Open, and its probe not so long overdue that nobody seems to want to call it any more.
  bool open_still(const Entry& entry) const;
  bool worth_keeping(const Entry& entry) const;
  void forget_idle();

  boost::asio::any_io_executor executor_;
  const Clock& clock_;
  GateOptions options_;
  std::unordered_map<std::string, Entry> entries_;
  std::size_t sweep_at_ = 1'024;
};

}  // namespace belfry::http
