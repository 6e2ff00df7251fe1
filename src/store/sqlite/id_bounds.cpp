#include "store/sqlite/id_bounds.hpp"

#include <algorithm>

#include "store/sqlite/positions.hpp"

namespace belfry::store::sqlite {
namespace {

// Of bursts, and between the making of an id and the reading of the clock.
constexpr Millis kSlack{60'000};

std::int64_t seq_at(Timestamp time) {
  constexpr std::int64_t kMsMax = (std::int64_t{1} << 48) - 1;
  return std::clamp<std::int64_t>(to_ms(time), 0, kMsMax) << 12;
}

}  // namespace

std::int64_t seq_from(Timestamp time) {
  return seq_at(time - kSlack);
}

std::int64_t seq_to(const Context& context, Timestamp time) {
  return seq_at(time + kSlack + Millis{load_position(context, kIdsAhead)});
}

}  // namespace belfry::store::sqlite
