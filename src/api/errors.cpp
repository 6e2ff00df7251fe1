// GET /api/v1/errors: what fails, grouped by task name and by the words of the error.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/time_range.hpp"
#include "base/encoding.hpp"
#include "domain/error_pattern.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;
using Rows = std::vector<store::FailureRow>;

constexpr int kFailuresMax = 10'000;  // looked at, the latest first
constexpr std::size_t kGroupsMax = 100;

struct Group {
  std::string name, pattern;
  const store::FailureRow* newest = nullptr;
  const store::FailureRow* oldest = nullptr;
  std::int64_t count = 0;
};

std::string fingerprint(const Group& group) {
  return fmt::format("{:08x}", crc32(group.pattern, crc32(group.name + '\n')));
}

// The largest first; of equals the one that happened last.
std::vector<Group> group(const Rows& rows) {
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const auto& row : rows) {
    auto pattern = domain::error_pattern(row.error);
    auto& one = groups[{row.name, pattern}];
    if (one.count++ == 0) {
      one.name = row.name;
      one.pattern = std::move(pattern);
      one.newest = &row;
    }
    one.oldest = &row;
  }
  std::vector<Group> sorted;
  for (auto& [key, one] : groups) sorted.push_back(std::move(one));
  std::ranges::sort(sorted, [](const Group& a, const Group& b) {
    if (a.count != b.count) return a.count > b.count;
    return a.newest->finished_at > b.newest->finished_at;
  });
  if (sorted.size() > kGroupsMax) sorted.resize(kGroupsMax);
  return sorted;
}

std::string errors_json(const Rows& rows, Timestamp from, Timestamp to) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("from").time(from);
  w.key("to").time(to);
  w.key("exact").boolean(rows.size() < kFailuresMax);
  w.key("errors").begin_array();
  for (const auto& one : group(rows)) {
    w.begin_object();
    w.key("taskName").string(one.name);
    w.key("fingerprint").string(fingerprint(one));
    w.key("pattern").string(one.pattern);
    w.key("errorMessage").string(one.newest->error);
    w.key("count").number(one.count);
    w.key("firstAt").time(one.oldest->finished_at);
    w.key("lastAt").time(one.newest->finished_at);
    w.key("lastTaskId").string(to_string(one.newest->id));
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out;
}

Answer errors(Call call) {
  const auto query = Query::read(call.request, {"range"});
  if (!query) co_return fail(query.error());
  const auto range = time_range(*query);
  if (!range) co_return fail(range.error());
  const auto now = call.services.clock.now();
  const auto from = now - range->length;
  std::function<Rows(store::Snapshot&)> read = [tenant = call.tenant(),
                                                from](store::Snapshot& snapshot) {
    return snapshot.tasks().failures(tenant, from, kFailuresMax);
  };
  const auto rows = co_await call.services.gateway.read<Rows>(std::move(read));
  if (!rows) co_return fail(rows.error());
  co_return json_answer(200, errors_json(*rows, from, now));
}

}  // namespace

Routes error_routes() {
  return {
      {http::Method::get, "/api/v1/errors", with(auth::Scope::tasks_read), errors, kTakesQuery}};
}

}  // namespace belfry::api
