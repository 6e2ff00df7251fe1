#pragma once

#include "base/clock.hpp"
#include "store/sqlite/context.hpp"

// Rows are keyed by ids, whose times are no earlier than those of the clock; `ids_ahead` in `meta`
// bounds how much later they are. So a range of times is searched as a range of keys, somewhat
// wider.
namespace belfry::store::sqlite {

inline constexpr std::string_view kIdsAhead = "ids_ahead";

// No task that was submitted at `time` or later has a smaller key.
std::int64_t seq_from(Timestamp time);
// No task that was submitted before `time` has this key or a greater one.
std::int64_t seq_to(const Context& context, Timestamp time);

}  // namespace belfry::store::sqlite
