#include "store/sqlite/positions.hpp"

#include "sql.hpp"

namespace belfry::store::sqlite {

std::int64_t load_position(const Context& context, std::string_view key) {
  auto s = context.db.statement(sql::task_runs::position);
  s.bind_text(key);
  return s.step() ? s.integer(0) : 0;
}

void save_position(const Context& context, std::string_view key, std::int64_t position) {
  auto s = context.db.statement(sql::task_runs::set_position);
  s.bind_text(key).bind(position).run();
}

}  // namespace belfry::store::sqlite
