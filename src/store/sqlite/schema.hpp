#pragma once

#include "store/sqlite/database.hpp"

namespace belfry::store::sqlite {

// Brings the file to this binary's schema and checks that it is ours and whole where a server
// cannot do without. Throws std::runtime_error in words: another application's file, one that a
// newer binary made too new for this one, or a damaged one.
void prepare_schema(Database& db);

// Reads the whole file, indexes and all. Throws std::runtime_error with the first fault.
void check_everything(Database& db);
// Throws std::runtime_error if the file holds no store of Belfry.
void require_owner(Database& db);

}  // namespace belfry::store::sqlite
