#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "store/backend.hpp"

namespace belfry::store::sqlite {

using RowCounts = std::map<std::string, std::int64_t>;  // by table

// Checks a database file that nobody has open: its structure, its owner, and that it holds as many
// tasks as it says. Changes nothing and leaves nothing beside it. Throws std::runtime_error in
// words.
RowCounts check_copy(const std::string& file);

// Copies the store of a stopped server, its write-ahead log included; `told` hears of the progress.
// Holds the store's lock meanwhile. Throws std::runtime_error in words.
void copy_stopped_store(const std::string& store, const std::string& file,
                        const std::function<void(const CopyProgress&)>& told);

}  // namespace belfry::store::sqlite
