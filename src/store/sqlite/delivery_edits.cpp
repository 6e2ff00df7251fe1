#include "store/sqlite/delivery_edits.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/destination_edits.hpp"
#include "store/sqlite/destination_rows.hpp"
#include "store/sqlite/positions.hpp"
#include "store/sqlite/stored_bytes.hpp"

namespace belfry::store::sqlite {

void DeliveryEdits::insert_test(const DeliveryRow& delivery) {
  const auto tenant_no = context_.numbers.tenant_no(delivery.tenant);
  const auto endpoint_id = uuid_bytes(delivery.endpoint.uuid);
  auto endpoint = context_.db.statement(sql::deliveries::endpoint_no);
  endpoint.bind_blob(endpoint_id).bind(tenant_no);
  if (!tenant_no || !endpoint.step()) return;  // removed meanwhile
  const auto id = uuid_bytes(delivery.id.uuid);
  auto s = context_.db.statement(sql::deliveries::add);
  s.bind_blob(id).bind(*tenant_no).bind(0).bind(0).bind(endpoint.integer(0)).bind_text("");
  s.bind(static_cast<int>(delivery.type)).bind(1).bind_text(delivery.body);
  s.bind(static_cast<int>(DeliveryState::waiting)).bind(to_ms(delivery.created_at));
  s.bind(to_ms(delivery.next_at.value_or(delivery.created_at)));
  s.run();
  context_.batch->store_bytes(*tenant_no, stored::delivery("", delivery.body));
  context_.batch->deliveries_added();
}

std::optional<DeliveryEdits::Position> DeliveryEdits::position(DeliveryId id) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::deliveries::position_all_tenants);
  s.bind_blob(bytes);
  if (!s.step()) return std::nullopt;
  return Position{s.integer(0), s.integer(1), s.integer(2),
                  static_cast<DeliveryState>(s.integer(3)), s.integer(5)};
}

// The next of the same task and endpoint is due now; tests stand alone.
void DeliveryEdits::release_next(const Position& done, Timestamp now) {
  if (done.seq == 0) return;
  auto other = context_.db.statement(sql::deliveries::other_waiting);
  other.bind(done.seq).bind(done.endpoint);
  if (other.step()) return;
  auto s = context_.db.statement(sql::deliveries::release_next);
  s.bind(done.seq).bind(done.endpoint).bind(to_ms(now)).run();
  if (context_.db.changes() > 0) context_.batch->deliveries_added();
}

void DeliveryEdits::record_attempt(DeliveryId id, const DeliveryAttemptRow& attempt,
                                   DeliveryState state, std::optional<Timestamp> next_at) {
  const auto found = position(id);
  if (!found) return;  // pruned meanwhile
  auto row = context_.db.statement(sql::deliveries::add_attempt);
  row.bind(found->no).bind(attempt.number).bind(to_ms(attempt.at)).bind(attempt.duration.count());
  row.bind(attempt.http_status).bind_text(attempt.failure).bind_text(attempt.answer).run();
  if (context_.db.changes() > 0) {
    const auto bytes = stored::delivery_attempt(attempt.failure, attempt.answer);
    context_.batch->store_bytes(found->tenant_no, bytes);
  }
  context_.db.statement(sql::deliveries::count_attempt).bind(found->no).bind(attempt.number).run();
  const bool done = state == DeliveryState::delivered || state == DeliveryState::exhausted;
  // Given up meanwhile (its endpoint was disabled or removed): a success still counts as one.
  if (found->state == DeliveryState::exhausted && !done) return;
  const auto now = attempt.at + attempt.duration;
  auto s = context_.db.statement(sql::deliveries::set_state);
  s.bind(found->no).bind(static_cast<int>(state)).bind(done ? std::nullopt : maybe_ms(next_at));
  s.bind(done ? std::optional(to_ms(now)) : std::nullopt).run();
  if (done) release_next(*found, now);
}

void DeliveryEdits::postpone(DeliveryId id, Timestamp until) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::deliveries::postpone);
  s.bind_blob(bytes).bind(to_ms(until)).run();
}

void DeliveryEdits::set_aside(DeliveryId id, const DestinationName& name, Millis after_first_due) {
  const auto tenant_no = context_.numbers.tenant_no(name.tenant);
  if (!tenant_no) return;
  const auto no = add_destination(context_, *tenant_no, name.origin, name.handler);
  const auto bytes = uuid_bytes(id.uuid);
  context_.db.statement(sql::deliveries::note_first_due).bind_blob(bytes).run();
  auto s = context_.db.statement(sql::deliveries::set_aside);
  s.bind_blob(bytes).bind(no).bind(after_first_due.count()).run();
}

int DeliveryEdits::call_back(const DestinationName& name, int limit) {
  const auto no = destination_no(context_, name);
  if (!no) return 0;
  std::vector<std::int64_t> found;
  {
    auto s = context_.db.statement(sql::deliveries::next_set_aside);
    s.bind(*no).bind(limit);
    while (s.step()) found.push_back(s.integer(0));
  }
  for (const auto delivery : found) {
    context_.db.statement(sql::deliveries::call_back).bind(delivery).run();
  }
  if (!found.empty()) context_.batch->deliveries_added();
  return static_cast<int>(found.size());
}

Result<> DeliveryEdits::redeliver(TenantId tenant, DeliveryId id, Timestamp now) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  const auto bytes = uuid_bytes(id.uuid);
  auto owned = context_.db.statement(sql::deliveries::no_of);
  owned.bind_blob(bytes).bind(tenant_no);
  if (!tenant_no || !owned.step()) return fail(ErrorCode::not_found, "no such delivery");
  const auto found = position(id);
  if (found->state == DeliveryState::held || found->state == DeliveryState::waiting) {
    return fail(ErrorCode::invalid_state, "this delivery is on its way already");
  }
  if (found->endpoint != 0) {
    auto endpoint = context_.db.statement(sql::deliveries::endpoint_enabled);
    endpoint.bind(found->endpoint);
    if (!endpoint.step() || endpoint.integer(0) == 0) {
      return fail(ErrorCode::invalid_state, "its endpoint is disabled or removed; enable it first");
    }
  }
  auto other = context_.db.statement(sql::deliveries::other_waiting);
  other.bind(found->seq).bind(found->endpoint);
  const bool held = found->seq != 0 && other.step();
  auto s = context_.db.statement(sql::deliveries::new_round);
  s.bind(found->no).bind(static_cast<int>(held ? DeliveryState::held : DeliveryState::waiting));
  s.bind(held ? std::nullopt : std::optional(to_ms(now))).run();
  context_.batch->deliveries_added();
  return {};
}

// False: it stays, as the last of a task that is kept, so that its sequence goes on (P10).
bool DeliveryEdits::remove(std::int64_t no) {
  {
    auto last = context_.db.statement(sql::deliveries::counts_on);
    last.bind(no);
    if (last.step()) return false;
  }
  {
    auto s = context_.db.statement(sql::stored::of_delivery);
    s.bind(no);
    if (s.step()) context_.batch->store_bytes(s.integer(0), -s.integer(1));
  }
  context_.db.statement(sql::deliveries::remove_attempts).bind(no).run();
  context_.db.statement(sql::deliveries::remove).bind(no).run();
  return true;
}

int DeliveryEdits::prune_all_tenants(Timestamp before, int limit) {
  auto position = load_position(context_, kDeliveriesPruned);
  std::vector<std::int64_t> gone;
  int walked = 0;
  {
    auto s = context_.db.statement(sql::deliveries::prune_walk);
    s.bind(position).bind(limit);
    while (s.step() && from_ms(s.integer(1)) < before) {
      ++walked;
      position = s.integer(0);
      const auto finished = s.maybe_integer(2);
      if (finished && from_ms(*finished) < before) gone.push_back(s.integer(0));
    }
  }
  int removed = 0;
  for (const auto no : gone) removed += remove(no) ? 1 : 0;
  // A walk that came to its end starts over, for those that were still on their way.
  const bool at_end = walked < limit;
  save_position(context_, kDeliveriesPruned, at_end ? 0 : position);
  return at_end ? removed : limit;
}

}  // namespace belfry::store::sqlite
