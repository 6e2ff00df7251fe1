#include "http/request_turns.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace belfry::http {
namespace asio = boost::asio;

// A round that is used up is followed by the next one if all that was ready has run meanwhile. So
// there is one post a round, and not one for each look at the sockets.
bool RequestTurns::begin_now(Kind kind) {
  if (!room_in_round() && !round_ends_) begun_ = 0;
  if (begun_ == 0) end_round();
  if (room_in_round() && line(kind).empty() && !is_held(kind)) {
    begin_one();
    return true;
  }
  end_round();
  return false;
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

bool RequestTurns::room_in_round() const {
  if (begun_ == 0) return true;
  return begun_ < round_.requests && std::chrono::steady_clock::now() - first_begun_ < round_.time;
}

void RequestTurns::begin_one() {
  if (begun_++ == 0) first_begun_ = std::chrono::steady_clock::now();
}

// The round ends once everything that is ready now has run.
void RequestTurns::end_round() {
  if (std::exchange(round_ends_, true)) return;
  asio::post(executor_, [this] { run_round(); });
}

void RequestTurns::run_round() {
  round_ends_ = false;
  if (!someone_waits() || none_may_begin()) return;
  begun_ = 0;
  end_round();  // first: a request that throws must not strand the others
  while (room_in_round()) {
    auto begin = take_next();
    if (!begin) break;
    begin_one();
    begin();
  }
}

// The end of a hold may come between the question and the note that someone waits for it.
bool RequestTurns::none_may_begin() {
  if (someone_may_begin()) return false;
  held_.store(true);
  if (!someone_may_begin()) return true;
  held_.store(false);
  return false;
}

bool RequestTurns::someone_waits() {
  return std::ranges::any_of(lines_, [](const Line& line) { return !line.empty(); });
}

bool RequestTurns::someone_may_begin() {
  return may_begin(Kind::plain) || may_begin(Kind::reading) || may_begin(Kind::adding);
}

// Empty if nobody waits who may begin. The kinds take turns as well.
RequestTurns::Resume RequestTurns::take_next() {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const auto at = next_++ % lines_.size();
    if (may_begin(static_cast<Kind>(at))) return lines_[at].take();
  }
  return {};
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
