#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "http/breaker.hpp"
#include "http/destination.hpp"

namespace belfry::http {

// Beyond so many handlers the rest of an origin shares one entry, which paces and never opens.
inline constexpr std::size_t kHandlersPerOrigin = 256;

struct GateOptions {
  int in_flight_max = 128;  // per origin
  int handler_max = 128;    // per handler
  // How many a handler begins with; one more with each healthy call, half as many after one that
  // failed or was slowed. So a thousand handlers that hang hold few calls each.
  int handler_first = 32;
  BreakerOptions breaker = {};
  Millis wait_max{1'000};            // how long enter() waits
  Millis put_off_max{60'000};        // how far put_off() spreads a few; the many it spreads further
  Millis pause_max{60'000};          // how long one Retry-After pauses a handler
  std::size_t origins_max = 65'536;  // idle and healthy ones are forgotten first
};

// How a destination takes calls at present.
struct Standing {
  enum class Kind { free, busy, open } kind = Kind::free;
  bool origin = false;                    // it is the origin that is open, not only the handler
  Timestamp since;                        // busy or open
  std::string error;                      // of the last failure; open only
  std::optional<Timestamp> next_call;     // open: the next probe; busy: the end of a pause
  std::optional<Timestamp> failed_probe;  // when the latest probe that failed had begun
};

// Stands before the calls of all tenants: paces each handler, bounds how many calls are in flight
// per origin, and stops calling an origin that cannot be reached and a handler that does not
// respond (PROMISES P11). A handler never stops another one. Single-threaded, on the executor
// given.
class DestinationGate {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    const Clock& clock;
    Random& random;
  };
  DestinationGate(Parts parts, GateOptions options);
  ~DestinationGate();

  // The destination under which calls are counted: its own, or the one that its origin's many
  // handlers share. Use what this returns in every other call.
  Destination entry_of(Destination destination) const;

  Standing standing(const Destination& to) const;
  // Since when every call has failed because the origin's name could not be looked up.
  std::optional<Timestamp> unresolved_since(const Destination& to) const;
  // A new call would wait for longer than wait_max, as the handler answers at present.
  bool crowded(const Destination& to) const;
  // How many calls may be brought here so that none of them waits for longer than wait_max; one for
  // a probe that is due.
  int room(const Destination& to) const;
  // When to come again: each caller after the other, at the pace at which the handler has answered,
  // but never more than 500 a second, and not for ever, as it may have become quicker.
  Timestamp put_off(const Destination& to);

 private:
  struct Origin;
  struct Handler;

 public:
  // Right of way for one call; give it back by `done`, or by destroying it (nothing is learnt). It
  // may outlive the gate, as the frames of coroutines do that never end.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass();
    void done(const CallEnd& end);
    bool is_probe() const { return origin_probe_ || handler_probe_; }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class DestinationGate;
    void swap(Pass& other) noexcept;
    void give_back(const CallEnd& end);
    DestinationGate* gate_ = nullptr;
    std::weak_ptr<const int> gate_lives_;
    Origin* origin_ = nullptr;  // neither is forgotten while a call is in flight
    Handler* handler_ = nullptr;
    Timestamp since_;
    bool origin_probe_ = false, handler_probe_ = false;
  };
  // At once, or nothing if the destination is at its cap, paused or open.
  Pass try_enter(const Destination& to);
  // Waits for a turn, best place first, for wait_max at the most; nothing if it did not come, the
  // destination opens meanwhile or the wait is cancelled (Asio cancellation).
  boost::asio::awaitable<Pass> enter(Destination to, Place place);

  // Called after each call's end, when more calls may be brought here.
  void on_end(std::function<void(const Destination&)> listener) { on_end_ = std::move(listener); }

 private:
  using Key = std::pair<TenantId, std::string>;
  struct Waiter {
    explicit Waiter(boost::asio::steady_timer given) : timer(std::move(given)) {}
    boost::asio::steady_timer timer;
    Pass pass;
    bool over = false;
  };
  using Line = std::multimap<Place, std::shared_ptr<Waiter>>;

  const Handler* find(const Destination& to, const Origin*& origin) const;
  Handler& get(const Destination& to, Origin*& origin);
  bool may_enter(const Origin& origin, const Handler& handler) const;
  bool blocked(const Origin& origin, const Handler& handler) const;
  double pace_ms(const Handler& handler) const;
  Pass take(Origin& origin, Handler& handler);
  void leave(Pass& pass, const CallEnd& end);
  void judge(const Pass& pass, const CallEnd& end);
  void adjust_window(Handler& handler, const CallEnd& end) const;
  void admit_waiting(Origin& origin);
  void turn_away(Origin& origin, Handler& handler);
  bool in_use(const Origin& origin) const;
  bool busy(const Handler& handler) const;
  bool worth_keeping(const Handler& handler) const;
  bool open_still(const Breaker& breaker) const;
  void forget_handlers(Origin& origin) const;
  void forget_idle();

  Parts parts_;
  GateOptions options_;
  std::shared_ptr<const int> lives_ = std::make_shared<int>();
  std::map<Key, std::unique_ptr<Origin>> origins_;
  std::function<void(const Destination&)> on_end_;
  std::size_t sweep_at_ = 1'024;
};

}  // namespace belfry::http
