#include "store/sqlite/delivery_rows.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <unordered_set>

#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/destination_rows.hpp"
#include "store/sqlite/turns.hpp"

namespace belfry::store::sqlite {

namespace {

DeliveryRow delivery_from(const Statement& s, Numbers& numbers) {
  DeliveryRow row;
  row.id = id_at<DeliveryId>(s, 0);
  row.tenant = numbers.tenant_id(s.integer(1));
  // A test belongs to no task.
  if (s.integer(2) != 0) row.task = task_id(s.integer(2), s.integer(3));
  row.endpoint = id_at<EndpointId>(s, 4);
  row.url = string_at(s, 5);
  row.type = static_cast<domain::EventType>(s.integer(6));
  row.sequence = s.integer(7);
  row.body = string_at(s, 8);
  row.state = static_cast<DeliveryState>(s.integer(9));
  row.attempts = int_at(s, 10);
  row.attempts_total = int_at(s, 11);
  row.created_at = time_at(s, 12);
  row.next_at = maybe_time_at(s, 13);
  row.finished_at = maybe_time_at(s, 14);
  row.first_due = maybe_time_at(s, 15);
  return row;
}

// The first `max` that are not busy, of a statement that gives (no, id).
std::vector<std::int64_t> idle(Statement s, std::size_t max,
                               const std::unordered_set<DeliveryId>& busy) {
  std::vector<std::int64_t> nos;
  while (nos.size() < max && s.step()) {
    if (!busy.contains(id_at<DeliveryId>(s, 1))) nos.push_back(s.integer(0));
  }
  return nos;
}

}  // namespace

std::optional<std::int64_t> DeliveryRows::no_of(std::int64_t tenant_no, DeliveryId id) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::deliveries::no_of);
  s.bind_blob(bytes).bind(tenant_no);
  return s.step() ? std::optional(s.integer(0)) : std::nullopt;
}

std::optional<DeliveryRow> DeliveryRows::row(std::int64_t no) {
  auto s = context_.db.statement(sql::deliveries::row);
  s.bind(no);
  return s.step() ? std::optional(delivery_from(s, context_.numbers)) : std::nullopt;
}

std::vector<DestinationName> DeliveryRows::set_aside_all_tenants() {
  std::vector<DestinationName> names;
  auto s = context_.db.statement(sql::deliveries::set_aside_for);
  while (s.step()) {
    if (auto name = destination_name(context_, s.integer(0))) names.push_back(std::move(*name));
  }
  return names;
}

std::optional<DeliveryRow> DeliveryRows::find(TenantId tenant, DeliveryId id) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  if (!tenant_no) return std::nullopt;
  const auto no = no_of(*tenant_no, id);
  return no ? row(*no) : std::nullopt;
}

// The endpoint asked for, or all that the tenant's deliveries name: their logs are merged.
std::vector<std::int64_t> DeliveryRows::endpoints(std::int64_t tenant_no,
                                                  const DeliveryFilter& filter) {
  std::vector<std::int64_t> numbers;
  if (filter.endpoint) {
    const auto bytes = uuid_bytes(filter.endpoint->uuid);
    auto s = context_.db.statement(sql::deliveries::endpoint_no);
    s.bind_blob(bytes).bind(tenant_no);
    if (s.step()) numbers.push_back(s.integer(0));
    return numbers;
  }
  auto s = context_.db.statement(sql::deliveries::endpoints_named);
  s.bind(tenant_no);
  while (s.step()) numbers.push_back(s.integer(0));
  return numbers;
}

std::vector<std::int64_t> DeliveryRows::of_task(std::int64_t tenant_no,
                                                const DeliveryFilter& filter, std::int64_t before) {
  std::vector<std::int64_t> nos;
  if (!is_task_id(*filter.task)) return nos;
  const auto wanted = endpoints(tenant_no, filter);
  auto s = context_.db.statement(sql::deliveries::of_task);
  s.bind(seq_of(*filter.task)).bind(low_of(*filter.task)).bind(tenant_no).bind(before);
  while (s.step()) {
    if (std::ranges::count(wanted, s.integer(1)) == 0) continue;
    if (filter.state && static_cast<DeliveryState>(s.integer(2)) != *filter.state) continue;
    nos.push_back(s.integer(0));
  }
  return nos;
}

std::vector<std::int64_t> DeliveryRows::of_endpoint(std::int64_t tenant_no, std::int64_t endpoint,
                                                    std::optional<DeliveryState> state,
                                                    std::int64_t before, int limit) {
  auto text = sql::deliveries::of_endpoint;
  if (state == DeliveryState::exhausted) text = sql::deliveries::exhausted_of_endpoint;
  if (state == DeliveryState::delivered) text = sql::deliveries::delivered_of_endpoint;
  const bool open = state == DeliveryState::held || state == DeliveryState::waiting;
  if (open) text = sql::deliveries::open_of_endpoint;
  auto s = context_.db.statement(text);
  s.bind(tenant_no).bind(endpoint).bind(before).bind(limit);
  if (open) s.bind(static_cast<int>(*state));
  std::vector<std::int64_t> nos;
  while (s.step()) nos.push_back(s.integer(0));
  return nos;
}

std::vector<DeliveryRow> DeliveryRows::list(TenantId tenant, const DeliveryFilter& filter,
                                            std::optional<DeliveryId> before, int limit) {
  std::vector<DeliveryRow> rows;
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  if (!tenant_no || limit <= 0) return rows;
  std::int64_t before_no = std::numeric_limits<std::int64_t>::max();
  if (before) {
    const auto no = no_of(*tenant_no, *before);
    // Pruned since, and so is everything older.
    if (!no) return rows;
    before_no = *no;
  }
  std::vector<std::int64_t> nos;
  if (filter.task) {
    nos = of_task(*tenant_no, filter, before_no);
  } else {
    for (const auto endpoint : endpoints(*tenant_no, filter)) {
      const auto more = of_endpoint(*tenant_no, endpoint, filter.state, before_no, limit);
      nos.insert(nos.end(), more.begin(), more.end());
    }
    std::ranges::sort(nos, std::greater{});
  }
  if (nos.size() > static_cast<std::size_t>(limit)) nos.resize(static_cast<std::size_t>(limit));
  for (const auto no : nos) {
    if (auto delivery = row(no)) rows.push_back(std::move(*delivery));
  }
  return rows;
}

std::vector<DeliveryAttemptRow> DeliveryRows::attempts(TenantId tenant, DeliveryId id) {
  std::vector<DeliveryAttemptRow> attempts;
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  const auto no = tenant_no ? no_of(*tenant_no, id) : std::nullopt;
  if (!no) return attempts;
  auto s = context_.db.statement(sql::deliveries::attempts);
  s.bind(*no);
  while (s.step()) {
    attempts.push_back({.number = int_at(s, 0),
                        .at = time_at(s, 1),
                        .duration = Millis{s.integer(2)},
                        .http_status = int_at(s, 3),
                        .failure = string_at(s, 4),
                        .answer = string_at(s, 5)});
  }
  return attempts;
}

std::vector<DeliveryRow> DeliveryRows::due_all_tenants(std::optional<Timestamp> now, int limit,
                                                       const std::vector<DeliveryId>& in_flight) {
  const std::unordered_set<DeliveryId> busy(in_flight.begin(), in_flight.end());
  const auto max = static_cast<std::size_t>(std::max(limit, 0));
  const auto until = to_ms(context_.now_or(now));
  const auto busy_rows = static_cast<std::int64_t>(busy.size());
  auto due = context_.db.statement(sql::deliveries::due);
  due.bind(until).bind(limit + busy_rows);
  auto nos = idle(std::move(due), max, busy);
  if (nos.size() == max) {
    std::vector<Turn> turns;
    auto s = context_.db.statement(sql::deliveries::due_turns);
    s.bind(until);
    while (s.step()) turns.emplace_back(s.integer(0), s.integer(1));
    const auto of_tenant = [&](std::int64_t tenant, std::size_t count) {
      auto own = context_.db.statement(sql::deliveries::due_of_tenant);
      own.bind(tenant).bind(until).bind(static_cast<std::int64_t>(count) + busy_rows);
      return idle(std::move(own), count, busy);
    };
    nos = in_turns(std::move(nos), max, std::move(turns), of_tenant, std::identity{});
  }
  std::vector<DeliveryRow> rows;
  for (const auto no : nos) {
    if (auto delivery = row(no)) rows.push_back(std::move(*delivery));
  }
  return rows;
}

std::optional<Timestamp> DeliveryRows::next_due_all_tenants() {
  auto s = context_.db.statement(sql::deliveries::next_due);
  return s.step() ? maybe_time_at(s, 0) : std::nullopt;
}

std::optional<Timestamp> DeliveryRows::put_off_longest_all_tenants() {
  auto s = context_.db.statement(sql::deliveries::put_off_longest);
  return s.step() ? maybe_time_at(s, 0) : std::nullopt;
}

std::int64_t DeliveryRows::waiting_all_tenants() {
  auto s = context_.db.statement(sql::deliveries::waiting);
  return s.step() ? s.integer(0) : 0;
}

}  // namespace belfry::store::sqlite
