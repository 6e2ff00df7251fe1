#pragma once

#include <sqlite3.h>

namespace belfry::store::sqlite {

// Makes text_holds(text, folded) and json_holds(json, folded) of domain/text_match.hpp callable in
// the statements of this connection. SQLite's result code.
int add_text_functions(sqlite3* db);

}  // namespace belfry::store::sqlite
