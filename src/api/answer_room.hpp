#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "api/route.hpp"
#include "store/commands.hpp"

namespace belfry::api {

// What is refused while the answers in flight hold as much as they may.
Error too_many_answers();

// Takes room for an answer of up to `bytes`; fails with overloaded. The server gives it back once
// the answer has been sent.
Result<> take_room(const Call& call, std::size_t bytes);

// Gives back what was taken beyond `bytes`.
void keep_room(const Call& call, std::size_t bytes);

// The room of a claim's payloads: a claim takes no more than the answers of its tenant may hold.
// Null for a call without a connection. The call must outlive the claim.
std::shared_ptr<store::ClaimRoom> claim_room(const Call& call, std::size_t held_before);

// A read of what may be large.
template <class R>
struct LargeRead {
  std::size_t bytes_max;  // that the answer may hold, as rows and as text
  std::function<R(store::Snapshot&)> read;
  std::function<std::size_t(const R&)> weigh;  // what it does hold
};

// Gateway::read within the room for answers. The room is taken when the read's turn has come, so
// that reads that wait in line hold nothing, and what is too much is given back right after it.
template <class R>
boost::asio::awaitable<Result<R>> read_within(const Call& call, LargeRead<R> large) {
  std::function<Result<R>(store::Snapshot&)> read =
      [&call, large = std::move(large)](store::Snapshot& snapshot) -> Result<R> {
    if (const auto room = take_room(call, large.bytes_max); !room) return fail(room.error());
    auto found = large.read(snapshot);
    keep_room(call, large.weigh(found));
    return found;
  };
  auto result = co_await call.services.gateway.read<Result<R>>(std::move(read));
  if (!result) co_return fail(std::move(result.error()));
  co_return std::move(*result);
}

}  // namespace belfry::api
