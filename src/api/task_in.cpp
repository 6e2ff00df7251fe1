#include "api/task_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "domain/visible_text.hpp"

namespace belfry::api {
namespace {

const std::map<std::string, int, std::less<>> kPriorityNames = {
    {"LOW", 3}, {"NORMAL", 5}, {"HIGH", 8}, {"CRITICAL", 10}};

void read_priority(json::FieldReader& in, domain::NewTask& task) {
  constexpr auto kRule =
      "must be a whole number from 1 to 10 (10 is most urgent), or LOW, NORMAL, "
      "HIGH or CRITICAL";
  const auto raw = in.raw("priority");
  if (!raw || *raw == "null") return;
  const json::Value value(*raw);
  if (const auto number = value.int64()) {
    if (*number < domain::kPriorityMin || *number > domain::kPriorityMax) {
      return in.fault("priority", kRule);
    }
    task.priority = static_cast<int>(*number);
    return;
  }
  const auto text = value.string();
  const auto named = text ? kPriorityNames.find(*text) : kPriorityNames.end();
  if (named == kPriorityNames.end()) return in.fault("priority", kRule);
  task.priority = named->second;
}

void read_times(json::FieldReader& in, const LocalTimeRule& zone, domain::NewTask& task) {
  task.scheduled_for = in.time("scheduledFor", zone);
  const json::IntegerLimits kDelay{0, std::chrono::milliseconds(domain::kHorizonMax).count()};
  if (const auto delay = in.integer("delayMs", kDelay)) {
    if (in.presence("scheduledFor") == json::FieldReader::Presence::value) {
      in.fault("delayMs", "give either delayMs or scheduledFor, not both");
    }
    task.scheduled_for = task.submitted_at + Millis{*delay};
  }
  if (task.scheduled_for && *task.scheduled_for > task.submitted_at + domain::kHorizonMax) {
    in.fault("scheduledFor", fmt::format("must be at most {} days ahead",
                                         std::chrono::days(domain::kHorizonMax).count()));
  }
  // The past is now: a time long ago gives a task no place before the others.
  if (task.scheduled_for) task.scheduled_for = std::max(*task.scheduled_for, task.submitted_at);
  task.expires_at = in.time("expiresAt", zone);
  if (task.expires_at && *task.expires_at <= task.submitted_at) {
    in.fault("expiresAt", "must lie in the future");
  } else if (task.expires_at && task.scheduled_for && *task.expires_at <= *task.scheduled_for) {
    in.fault("expiresAt", "must be later than scheduledFor");
  }
}

bool is_name(std::string_view text, std::size_t chars_max) {
  return !domain::is_blank_text(text) && is_short_text(text, chars_max) &&
         domain::is_visible_text(text);
}

void read_tags(json::FieldReader& in, domain::TaskOptions& options) {
  const auto tags = in.array("tags");
  if (!tags) return;
  for (const auto& element : tags->elements()) {
    auto tag = element.string();
    if (!tag || !is_name(*tag, domain::kTagCharsMax) || options.tags.size() >= domain::kTagsMax) {
      return in.fault("tags",
                      fmt::format("must be at most {} strings of 1 to {} characters, and {}",
                                  domain::kTagsMax, domain::kTagCharsMax, domain::kVisibleRule));
    }
    if (std::find(options.tags.begin(), options.tags.end(), *tag) != options.tags.end()) {
      return in.fault("tags", "must not name a tag twice");
    }
    options.tags.push_back(std::move(*tag));
  }
}

void read_labels(json::FieldReader& in, domain::TaskOptions& options) {
  const auto labels = in.object("labels");
  if (!labels) return;
  for (const auto& member : labels->members()) {
    auto value = member.value.string();
    auto key = member.key();
    if (!value || !is_name(key, domain::kTagCharsMax) ||
        !is_short_text(*value, domain::kLabelCharsMax) ||
        options.labels.size() >= domain::kLabelsMax) {
      return in.fault(
          "labels", fmt::format("must be at most {} members with string values; keys up to {} and "
                                "values up to {} characters, without U+0000; keys {}",
                                domain::kLabelsMax, domain::kTagCharsMax, domain::kLabelCharsMax,
                                domain::kVisibleRule));
    }
    options.labels.emplace_back(std::move(key), std::move(*value));
  }
}

void read_attempts(json::FieldReader& in, const domain::RetryPolicy& queue_policy, Faults& faults,
                   domain::NewTask& task) {
  task.max_attempts = queue_policy.max_attempts;
  const auto max_retries = in.integer("maxRetries", {1, domain::kAttemptsMax});
  if (const auto retry = in.object("retry")) {
    auto defaults = queue_policy;
    if (max_retries) defaults.max_attempts = static_cast<int>(*max_retries);
    task.options.retry = read_retry(*retry, in.pointer("retry"), defaults, faults);
    if (task.options.retry) task.max_attempts = task.options.retry->max_attempts;
    if (max_retries && task.max_attempts != *max_retries) {
      in.fault("maxRetries",
               "differs from retry.maxAttempts, of which it is the older name; give "
               "one of them");
    }
  } else if (max_retries) {
    task.max_attempts = static_cast<int>(*max_retries);
  }
}

void read_queue(json::FieldReader& in, domain::NewTask& task) {
  auto queue = in.string("queue");
  if (!queue) return;
  if (!domain::is_queue_name(*queue)) {
    return in.fault("queue", "must be 1 to 128 of the characters A-Z a-z 0-9 . _ -");
  }
  task.queue = std::move(*queue);
}

}  // namespace

bool is_short_text(std::string_view text, std::size_t chars_max) {
  return count_characters(text) <= chars_max && text.find('\0') == std::string_view::npos;
}

std::optional<std::string> read_name(json::FieldReader& in, std::string_view key,
                                     json::StringLimits limits) {
  auto name = in.string(key, limits);
  if (!name || name->empty()) return name;
  if (domain::is_blank_text(*name)) {
    in.fault(key, "must not be blank");
  } else if (!domain::is_visible_text(*name)) {
    in.fault(key, std::string(domain::kVisibleRule));
  }
  return name;
}

void Faults::add(std::string pointer, std::string detail) {
  fields.add(std::move(pointer), std::move(detail));
}

Result<> Faults::result() const {
  if (fields.empty()) return {};
  const auto& first = fields.listed().front();
  const bool only_destinations = destinations == fields.total();
  Error error{
      only_destinations ? ErrorCode::destination_forbidden : ErrorCode::validation_failed,
      fields.total() == 1
          ? fmt::format("{}: {}", first.pointer.empty() ? "the body" : first.pointer, first.detail)
          : fmt::format("{} faults need mending; see `errors`", fields.total()),
      fields};
  return fail(std::move(error));
}

Result<domain::NewTask> read_submission(const json::Value& body, TenantId tenant,
                                        const Services& services, const TraceContext& trace,
                                        std::optional<TaskId> again) {
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  domain::NewTask task;
  task.tenant = tenant;
  // One instant: a replayed answer must equal the first.
  task.id = again ? *again : services.ids.make<TaskId>();
  task.submitted_at = again ? IdGenerator::time_of(again->uuid)
                            : IdGenerator::time_made(task.id.uuid, services.clock.now());
  task.name =
      read_name(in, "taskName", {1, domain::kTaskNameCharsMax, json::Need::required}).value_or("");
  if (const auto payload = in.raw("payload"); payload && *payload != "null") {
    if (payload->size() > domain::kPayloadBytesMax) {
      return fail(ErrorCode::payload_too_large,
                  fmt::format("the payload has {} bytes; at most {} are taken: store large data "
                              "elsewhere and submit a reference to it",
                              payload->size(), domain::kPayloadBytesMax));
    }
    task.payload = *payload;
  }
  read_queue(in, task);
  const auto queue = services.directory.queue(tenant, task.queue);
  const auto policy =
      queue && queue->settings.retry ? *queue->settings.retry : domain::RetryPolicy{};
  read_priority(in, task);
  read_times(in, services.options.local_time, task);
  if (const auto target = in.object("target")) {
    task.options.target = read_target(*target, in.pointer("target"), services.egress, faults);
    if (task.options.target) seal_headers(*task.options.target, tenant, services.sealed);
  }
  read_attempts(in, policy, faults, task);
  const json::IntegerLimits kTimeout{domain::kTimeoutMin.count(), domain::kTimeoutMax.count()};
  if (const auto ms = in.integer("timeoutMs", kTimeout)) task.options.timeout = Millis{*ms};
  if (auto url = in.string("callbackUrl", {0, domain::kUrlBytesMax}); url && !url->empty()) {
    check_url(*url, in.pointer("callbackUrl"), services.egress, faults);
    task.options.callback_url = std::move(*url);
  }
  read_tags(in, task.options);
  read_labels(in, task.options);
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  task.options.traceparent = trace.parent;
  task.options.tracestate = trace.state;
  return task;
}

}  // namespace belfry::api
