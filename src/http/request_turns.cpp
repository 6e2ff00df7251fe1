#include "http/request_turns.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace belfry::http {
namespace asio = boost::asio;

bool RequestTurns::begin_now(Kind kind) {
  end_round();
  if (begun_ == kPerRound || !line(kind).empty()) return false;
  if (kind == Kind::adding && is_held()) return false;
  ++begun_;
  return true;
}

asio::awaitable<void> RequestTurns::wait(Kind kind, Owner owner) {
  auto join = [](auto handler, Line* line, Owner whose) {
    const auto lane = line->lanes.try_emplace(std::move(whose)).first;
    if (lane->second.empty()) line->turns.push_back(lane);
    lane->second.emplace_back(std::move(handler));
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(join, asio::use_awaitable,
                                                                     &line(kind), std::move(owner));
}

void RequestTurns::go_on() {
  if (held_.exchange(false)) asio::post(executor_, [this] { end_round(); });
}

// The round ends once everything that is ready now has run.
void RequestTurns::end_round() {
  if (std::exchange(round_ends_, true)) return;
  asio::post(executor_, [this] { run_round(); });
}

void RequestTurns::run_round() {
  round_ends_ = false;
  begun_ = 0;
  if (line(Kind::plain).empty() && (line(Kind::adding).empty() || stays_held())) return;
  end_round();  // first: a request that throws must not strand the others
  while (begun_ < kPerRound) {
    auto begin = take_next();
    if (!begin) break;
    ++begun_;
    begin();
  }
}

// The end of the hold may come between the question and the note that someone waits for it.
bool RequestTurns::stays_held() {
  if (!is_held()) return false;
  held_.store(true);
  if (is_held()) return true;
  held_.store(false);
  return false;
}

// Empty if nobody waits who may begin.
RequestTurns::Resume RequestTurns::take_next() {
  const bool adding = !line(Kind::adding).empty() && !is_held();
  const bool plain = !line(Kind::plain).empty();
  if (!adding && !plain) return {};
  const bool take_plain = plain && (!adding || next_ == Kind::plain);
  next_ = take_plain ? Kind::adding : Kind::plain;
  return line(take_plain ? Kind::plain : Kind::adding).take();
}

RequestTurns::Resume RequestTurns::Line::take() {
  const auto lane = turns.front();
  turns.pop_front();
  auto resume = std::move(lane->second.front());
  lane->second.pop_front();
  if (lane->second.empty()) {
    lanes.erase(lane);
  } else {
    turns.push_back(lane);
  }
  return resume;
}

}  // namespace belfry::http
