#include "store/sqlite/text_functions.hpp"

#include <new>
#include <string_view>

#include "domain/text_match.hpp"

namespace belfry::store::sqlite {
namespace {

using Holds = bool (*)(std::string_view, std::string_view);

std::string_view text_of(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return bytes == nullptr ? std::string_view{} : std::string_view(bytes, size);
}

// No exception may pass through SQLite's C code.
template <Holds kHolds>
void call(sqlite3_context* context, int, sqlite3_value** arguments) {
  try {
    sqlite3_result_int(context, kHolds(text_of(arguments[0]), text_of(arguments[1])) ? 1 : 0);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

}  // namespace

int add_text_functions(sqlite3* db) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const int code = sqlite3_create_function_v2(db, "text_holds", 2, kFlags, nullptr,
                                              call<domain::text_holds>, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return code;
  return sqlite3_create_function_v2(db, "json_holds", 2, kFlags, nullptr, call<domain::json_holds>,
                                    nullptr, nullptr, nullptr);
}

}  // namespace belfry::store::sqlite
