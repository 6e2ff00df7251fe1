#include "store/sqlite/destination_edits.hpp"

#include <limits>
#include <map>

#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/destination_rows.hpp"

namespace belfry::store::sqlite {

std::int64_t add_destination(Context context, std::int64_t tenant_no, std::string_view origin,
                             std::string_view handler) {
  {
    auto known = context.db.statement(sql::destinations::no_of);
    known.bind(tenant_no).bind_text(origin).bind_text(handler);
    if (known.step()) return known.integer(0);
  }
  auto s = context.db.statement(sql::destinations::add);
  s.bind(tenant_no).bind_text(origin).bind_text(handler).run();
  return context.db.last_insert_rowid();
}

void DestinationEdits::put_state(const DestinationRow& row) {
  const auto tenant_no = context_.numbers.tenant_no(row.name.tenant);
  if (!tenant_no) return;
  const auto no = add_destination(context_, *tenant_no, row.name.origin, row.name.handler);
  auto s = context_.db.statement(sql::destinations::put_state);
  s.bind(no).bind_text(row.node).bind(static_cast<int>(row.state)).bind(to_ms(row.since));
  s.bind_text(row.error).bind(maybe_ms(row.next_call)).run();
}

void DestinationEdits::remove_state(const DestinationName& name, const std::string& node) {
  const auto no = destination_no(context_, name);
  if (!no) return;
  context_.db.statement(sql::destinations::remove_state).bind(*no).bind_text(node).run();
}

void DestinationEdits::forget_unused_all_tenants(const std::string& node) {
  context_.db.statement(sql::destinations::forget_other_states).bind_text(node).run();
  context_.db.statement(sql::destinations::forget_unused).run();
}

DestinationWrites::Unparked DestinationEdits::unpark(const DestinationName& name,
                                                     std::optional<Place> after, int limit) {
  Unparked unparked;
  const auto no = destination_no(context_, name);
  if (!no) return unparked;
  constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
  std::map<domain::QueueNo, unsigned> lanes;
  const auto take_behind = [&](std::int64_t rank, std::int64_t seq) {
    std::vector<Place> found;
    const auto missing = limit - static_cast<int>(unparked.tasks.size());
    {
      auto s = context_.db.statement(sql::destinations::next_parked);
      s.bind(*no).bind(rank).bind(seq).bind(missing);
      while (s.step()) {
        found.push_back({s.integer(0), task_id(s.integer(1), s.integer(2))});
        lanes[queue_of_lane(s.integer(3))] |= lane_bit(kind_of_lane(s.integer(3)));
      }
    }
    for (const auto& place : found) {
      context_.db.statement(sql::destinations::unpark).bind(seq_of(place.task)).run();
      unparked.tasks.push_back(place);
    }
  };
  if (after) take_behind(after->rank, seq_of(after->task));
  if (static_cast<int>(unparked.tasks.size()) < limit) take_behind(kFirst, kFirst);
  unparked.lanes.assign(lanes.begin(), lanes.end());
  auto best = context_.db.statement(sql::destinations::best_parked);
  best.bind(*no);
  if (best.step()) {
    unparked.next = Place{best.integer(0), task_id(best.integer(1), best.integer(2))};
  }
  return unparked;
}

}  // namespace belfry::store::sqlite
