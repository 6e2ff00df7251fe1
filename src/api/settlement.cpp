#include "api/settlement.hpp"

#include <fmt/format.h>

#include "api/task_in.hpp"
#include "api/worker_report.hpp"
#include "http/problem.hpp"
#include "json/writer.hpp"
#include "outbox/finish.hpp"
#include "store/lease_token.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kIdShown = 64;  // characters of what was sent as an id

Error stale() {
  return {ErrorCode::stale_lease,
          "the lease token is not the newest attempt's; the attempt was lost, ended or cancelled, "
          "and its answer is not taken"};
}

const std::vector<std::string_view> kSoftMembers = {"result", "errorMessage"};

// `settlement` comes with what is known before: whose it is, and of which kind.
Result<Settlement> read_fields(json::FieldReader& in, Faults& faults, Settlement settlement) {
  const auto token = read_lease_token(in);
  if (settlement.completed) {
    settlement.result = read_result(in, settlement.warnings);
  } else {
    settlement.error = read_error_message(in, settlement.warnings).value_or("");
    settlement.retryable = in.boolean("retryable").value_or(true);
  }
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  if (!token) return fail(token.error());
  settlement.token = *token;
  return settlement;
}

store::Finish finish_of(Settlement settlement, const store::TaskRow& row,
                        const Services& services) {
  outbox::AttemptEnd end;
  if (settlement.completed) {
    end.result = std::move(settlement.result);
  } else {
    end.kind = outbox::AttemptEnd::Kind::failed;
    end.error =
        settlement.error.empty() ? "the worker reported a failure" : std::move(settlement.error);
    end.retryable = settlement.retryable;
  }
  return outbox::finish_attempt(outbox::facts_of(row, settlement.token), std::move(end),
                                services.clock.now(), services.random, services.directory);
}

Error wrong_count() {
  auto words = fmt::format("send an array of 1 to {} answers", domain::kBulkTasksMax);
  return {ErrorCode::validation_failed, words, {{"", words}}};
}

bool says(const json::Value& item, std::string_view key) {
  const auto value = item.find(key);
  return value && !value->is_null();
}

SettlementItem read_item(std::string_view text) {
  SettlementItem item;
  auto report = WorkerReport::read(std::string(text), kSoftMembers);
  if (!report) {
    item.settlement = fail(report.error());
    return item;
  }
  const auto body = report->body();
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  item.task_id = in.string("taskId", {1, kIdShown, json::Need::required});
  const auto id = item.task_id ? parse_id<TaskId>(*item.task_id) : std::nullopt;
  if (item.task_id && !id) in.fault("taskId", "must be the id of a task");
  const bool failed = says(body, "errorMessage") || says(body, "retryable");
  // Clients that write every field send those of the other answer as null.
  for (const auto* field : {"errorMessage", "retryable"}) in.presence(field);
  const auto result = in.presence("result");
  if (failed && result == json::FieldReader::Presence::value) {
    in.fault("result", "a failure has none; leave it out, or errorMessage and retryable");
  }
  Settlement settlement;
  settlement.id = id.value_or(TaskId{});
  settlement.completed = !failed;
  settlement.warnings = std::move(report->warnings());
  item.settlement = read_fields(in, faults, std::move(settlement));
  return item;
}

void write_result(json::Writer& w, http::ItemProblems& problems,
                  const std::optional<std::string>& task_id,
                  const Result<store::Finish::Reply>& reply, const Warnings& warnings) {
  w.begin_object();
  w.field("taskId", task_id);
  w.key("status").number(reply ? 200 : http_status(reply.error().code));
  if (reply) {
    w.key("taskStatus").string(name(reply->status));
    write_warnings(w, warnings);
  } else {
    w.key("problem").raw(problems.json(reply.error()));
  }
  w.end_object();
}

using Rows = std::vector<std::optional<store::TaskRow>>;

// A thousand rows are held at once, and headers are most of what a summary can weigh.
std::optional<store::TaskRow> without_headers(std::optional<store::TaskRow> row) {
  if (!row || !row->options.target) return row;
  if (auto* http = std::get_if<domain::HttpTarget>(&*row->options.target)) http->headers.clear();
  return row;
}

}  // namespace

Result<store::LeaseToken> read_lease_token(json::FieldReader& in) {
  const auto text = in.string("leaseToken", {1, 64, json::Need::required});
  const auto token = text ? store::parse_lease_token(*text) : std::nullopt;
  if (!token) return fail(stale());
  return *token;
}

Result<Settlement> read_settlement(std::string body, TaskId id, bool completed) {
  auto report = WorkerReport::read(std::move(body), kSoftMembers);
  if (!report) return fail(report.error());
  Faults faults;
  json::FieldReader in(report->body(), "", faults.fields);
  Settlement settlement;
  settlement.id = id;
  settlement.completed = completed;
  settlement.warnings = std::move(report->warnings());
  return read_fields(in, faults, std::move(settlement));
}

Result<std::vector<SettlementItem>> read_settlements(const http::Request& request) {
  const auto texts = bulk_items(request, domain::kBulkTasksMax);
  if (!texts) return fail(texts.error());
  if (texts->texts.empty() || texts->texts.size() > domain::kBulkTasksMax) {
    return fail(wrong_count());
  }
  std::vector<SettlementItem> items;
  for (const auto text : texts->texts) items.push_back(read_item(text));
  return items;
}

asio::awaitable<std::vector<Result<store::Finish::Reply>>> settle(
    Call call, std::vector<Settlement> settlements) {
  std::vector<TaskId> ids;
  for (const auto& settlement : settlements) ids.push_back(settlement.id);
  std::function<Rows(store::Snapshot&)> read = [tenant = call.tenant(),
                                                ids](store::Snapshot& snapshot) {
    Rows rows;
    for (const auto id : ids)
      rows.push_back(without_headers(snapshot.tasks().find_summary(tenant, id)));
    return rows;
  };
  std::vector<Result<store::Finish::Reply>> replies(settlements.size(), fail(stale()));
  const auto rows = co_await call.services.gateway.read<Rows>(std::move(read));
  if (!rows) {
    replies.assign(settlements.size(), fail(rows.error()));
    co_return replies;
  }
  std::vector<store::Command> commands;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < settlements.size(); ++i) {
    const auto& row = (*rows)[i];
    if (!row) {
      replies[i] = fail(ErrorCode::not_found, "no such task");
      continue;
    }
    commands.emplace_back(finish_of(std::move(settlements[i]), *row, call.services));
    places.push_back(i);
  }
  auto answers = co_await call.services.gateway.ask_all(std::move(commands));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto& answer = answers[i];
    if (answer) {
      replies[places[i]] = std::get<store::Finish::Reply>(std::move(*answer));
    } else {
      replies[places[i]] = fail(std::move(answer.error()));
    }
  }
  co_return replies;
}

asio::awaitable<std::string> settle_each(Call call, std::vector<SettlementItem> items) {
  std::vector<Settlement> good;
  std::vector<Warnings> warnings;
  for (auto& item : items) {
    warnings.push_back(item.settlement ? std::move(item.settlement->warnings) : Warnings{});
    if (item.settlement) good.push_back(std::move(*item.settlement));
  }
  const auto replies = co_await settle(call, std::move(good));
  auto reply = replies.begin();
  std::string out;
  http::ItemProblems problems;
  json::Writer w(out);
  w.begin_object().key("results").begin_array();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    write_result(w, problems, item.task_id,
                 item.settlement ? *reply++ : fail(item.settlement.error()), warnings[i]);
  }
  w.end_array().end_object();
  co_return out;
}

}  // namespace belfry::api
