#include "outbox/event_body.hpp"

#include "base/check.hpp"
#include "json/writer.hpp"

namespace belfry::outbox {

namespace {

constexpr std::size_t kFixedMembersBytes = 512;  // a guess that spares most bodies a second buffer

void write_result(json::Writer& out, std::string_view result) {
  out.key("result");
  if (result.empty() || result.size() > domain::kEventResultBytesMax) {
    out.null();
  } else {
    out.raw(result);
  }
}

void write_tags(json::Writer& out, const domain::TaskOptions* options) {
  out.key("tags").begin_array();
  if (options != nullptr) {
    for (const auto& tag : options->tags) out.string(tag);
  }
  out.end_array();
  out.key("labels").begin_object();
  if (options != nullptr) {
    for (const auto& [key, value] : options->labels) out.field(key, value);
  }
  out.end_object();
}

}  // namespace

domain::EventDraft event_draft(const EventFacts& facts) {
  domain::EventDraft draft;
  draft.type = facts.type;
  draft.body.reserve(kFixedMembersBytes + facts.result.size() + facts.error_message.size());
  json::Writer out(draft.body);
  out.begin_object();
  out.field("type", domain::name(facts.type));
  out.field("timestamp", facts.at);
  out.field("taskId", to_string(facts.task));
  out.field("status", domain::name(facts.status));
  write_result(out, facts.result);
  out.key("errorMessage");
  if (facts.error_message.empty()) {
    out.null();
  } else {
    out.string(facts.error_message);
  }
  out.field("completedAt", facts.completed_at);
  out.field("tenantId", to_string(facts.tenant));
  out.field("taskName", facts.task_name);
  out.field("queue", facts.queue_name);
  out.field("attempt", facts.attempt);
  out.field("retryCount", facts.failures);
  out.field("maxRetries", facts.max_attempts);
  write_tags(out, facts.options);
  if (facts.next_at) out.field("nextAttemptAt", *facts.next_at);
  if (facts.result.size() > domain::kEventResultBytesMax) out.field("resultTruncated", true);
  out.end_object();
  return draft;
}

std::string with_sequence(std::string_view body, std::int64_t sequence) {
  CHECK(body.size() >= 2 && body.front() == '{' && body.back() == '}');
  std::string whole = "{\"sequence\":" + std::to_string(sequence);
  if (body.size() > 2) whole += ',';
  whole += body.substr(1);
  return whole;
}

}  // namespace belfry::outbox
