#pragma once

#include <cstdint>
#include <string_view>

#include "store/sqlite/context.hpp"

// Where bounded walks (pruning) stopped last; kept in `meta`.
namespace belfry::store::sqlite {

inline constexpr std::string_view kTasksPruned = "tasks_pruned_to";
inline constexpr std::string_view kDeliveriesPruned = "deliveries_pruned_to";

std::int64_t load_position(const Context& context, std::string_view key);
void save_position(const Context& context, std::string_view key, std::int64_t position);

}  // namespace belfry::store::sqlite
