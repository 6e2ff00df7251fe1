#include "store/sqlite/series.hpp"

#include "base/log.hpp"
#include "sql.hpp"

namespace belfry::store::sqlite {

namespace {

constexpr std::size_t kRecentMax = 8'192;
constexpr std::size_t kHoursRemembered = 4'096;

// Minute and queue of a tenant's events of one name.
struct Cell {
  std::int64_t tenant_no = 0, minute = 0, queue_no = 0;
  std::uint32_t name = 0;
  auto operator<=>(const Cell&) const = default;
};

void add(SeriesPoint& point, const SeriesEvent& event) {
  using Kind = SeriesEvent::Kind;
  switch (event.kind) {
    case Kind::submitted:
      ++point.submitted;
      break;
    case Kind::started:
      ++point.started;
      break;
    case Kind::completed:
      ++point.completed;
      break;
    case Kind::failed:
      ++point.failed;
      break;
    case Kind::retried:
      ++point.retried;
      break;
    case Kind::cancelled:
      ++point.cancelled;
      break;
    case Kind::expired:
      ++point.expired;
      break;
    case Kind::put_off:
      --point.started;
      break;
    case Kind::attempt:
      break;
  }
  if (event.wait) point.wait.add(*event.wait);
  if (event.run) point.run.add(*event.run);
}

void add(SeriesPoint& point, const SeriesPoint& delta) {
  point.submitted += delta.submitted;
  point.started += delta.started;
  point.completed += delta.completed;
  point.failed += delta.failed;
  point.retried += delta.retried;
  point.cancelled += delta.cancelled;
  point.expired += delta.expired;
  point.wait.merge(delta.wait);
  point.run.merge(delta.run);
}

}  // namespace

std::string encode_counts(const SeriesPoint& point) {
  std::string out;
  for (const auto n : {point.submitted, point.started, point.completed, point.failed, point.retried,
                       point.cancelled, point.expired}) {
    domain::codec::put_number(out, static_cast<std::uint64_t>(n));
  }
  return out;
}

bool decode_counts(std::string_view bytes, SeriesPoint& point) {
  domain::codec::Input in(bytes);
  for (auto* n : {&point.submitted, &point.started, &point.completed, &point.failed, &point.retried,
                  &point.cancelled, &point.expired}) {
    *n = static_cast<std::int64_t>(in.number());
  }
  return in.finished();
}

void SeriesRows::write(std::span<const SeriesEvent> events, std::span<const std::string> names) {
  std::map<Cell, SeriesPoint> cells;
  auto last = cells.end();  // most events of a batch are of one cell
  for (const auto& event : events) {
    const auto at = to_ms(event.at);
    const Cell cell{event.tenant_no, at - at % kMinuteMs, event.queue_no, event.name};
    if (last == cells.end() || last->first != cell) last = cells.try_emplace(cell).first;
    add(last->second, event);
  }
  for (const auto& [cell, delta] : cells) {
    const auto hour = cell.minute - cell.minute % kHourMs;
    const auto name = admitted(cell.tenant_no, hour, names[cell.name]);
    merge({0, cell.tenant_no, cell.minute, cell.queue_no, name}, delta);
    merge({1, cell.tenant_no, hour, cell.queue_no, name}, delta);
  }
}

void SeriesRows::merge(const Key& key, const SeriesPoint& delta) {
  auto it = recent_.find(key);
  if (it == recent_.end()) {
    if (recent_.size() >= kRecentMax) recent_.clear();
    it = recent_.emplace(key, read(key)).first;
  }
  auto& point = it->second;
  add(point, delta);
  point.started = std::max<std::int64_t>(point.started, 0);
  const auto& [step, tenant_no, at, queue_no, name] = key;
  const auto counts = encode_counts(point);
  const auto wait = point.wait.encode();
  const auto run = point.run.encode();
  auto row = db_.statement(sql::upkeep::put_series_point);
  row.bind(step).bind(tenant_no).bind(at).bind(queue_no).bind_text(name);
  row.bind_blob(counts).bind_blob(wait).bind_blob(run).run();
}

SeriesPoint SeriesRows::read(const Key& key) {
  const auto& [step, tenant_no, at, queue_no, name] = key;
  SeriesPoint point;
  auto row = db_.statement(sql::upkeep::series_point);
  row.bind(step).bind(tenant_no).bind(at).bind(queue_no).bind_text(name);
  if (!row.step()) return point;
  auto wait = domain::LatencyHistogram::decode(row.blob(1));
  auto run = domain::LatencyHistogram::decode(row.blob(2));
  if (!decode_counts(row.blob(0), point) || !wait || !run) {
    log().error("a point of the time series is damaged and begins anew at={}", at);
    return {};
  }
  point.wait = *wait;
  point.run = *run;
  return point;
}

std::string SeriesRows::admitted(std::int64_t tenant_no, std::int64_t hour,
                                 const std::string& name) {
  const auto key = std::pair(tenant_no, hour);
  auto it = names_.find(key);
  if (it == names_.end()) {
    if (names_.size() >= kHoursRemembered) names_.clear();
    it = names_.emplace(key, std::set<std::string>{}).first;
    auto row = db_.statement(sql::upkeep::series_names);
    row.bind(tenant_no).bind(hour);
    while (row.step()) it->second.emplace(row.text(0));
  }
  auto& names = it->second;
  if (names.contains(name)) return name;
  if (names.size() >= domain::kSeriesNamesMax) return kOtherNames;
  names.insert(name);
  return name;
}

void SeriesRows::forget() {
  recent_.clear();
  names_.clear();
}

}  // namespace belfry::store::sqlite
