#include <limits>
#include <utility>

#include "domain/codec.hpp"
#include "domain/task.hpp"

// The stored form of options, targets and retry policies. Field numbers are never reused; a new
// field takes the next number, a new layout the next version.
namespace belfry::domain {

namespace {

constexpr std::uint8_t kVersion = 1;

enum Field : std::uint8_t {
  kTarget = 1,
  kRetry = 2,
  kTimeout = 3,
  kCallbackUrl = 4,
  kTags = 5,
  kLabels = 6,
  kTraceparent = 7,
  kTracestate = 8,
};

enum TargetKind : std::uint8_t { kHttp = 0, kWorker = 1, kEcho = 2 };

using Pairs = std::vector<std::pair<std::string, std::string>>;

void put_millis(std::string& out, Millis value) {
  codec::put_number(out, static_cast<std::uint64_t>(value.count()));
}

Millis millis(codec::Input& in) {
  return Millis{static_cast<std::int64_t>(in.number())};
}

void put_pairs(std::string& out, const Pairs& pairs) {
  codec::put_number(out, pairs.size());
  for (const auto& [key, value] : pairs) {
    codec::put_bytes(out, key);
    codec::put_bytes(out, value);
  }
}

// A count is believed only as far as bytes are left for it, so that a hostile one allocates
// nothing.
Pairs pairs(codec::Input& in) {
  Pairs result(in.number_up_to(in.left() / 2));
  for (auto& [key, value] : result) {
    key = in.bytes();
    value = in.bytes();
  }
  return result;
}

std::vector<std::string> strings(codec::Input& in) {
  std::vector<std::string> result(in.number_up_to(in.left()));
  for (auto& value : result) value = in.bytes();
  return result;
}

int small_number(codec::Input& in) {
  return static_cast<int>(in.number_up_to(std::numeric_limits<int>::max()));
}

void put_small(std::string& out, int value) {
  codec::put_number(out, static_cast<std::uint64_t>(value < 0 ? 0 : value));
}

void put_target(std::string& out, const HttpTarget& target) {
  out.push_back(kHttp);
  codec::put_bytes(out, target.url);
  codec::put_bytes(out, target.method);
  put_pairs(out, target.headers);
  out.push_back(target.timeout ? 1 : 0);
  if (target.timeout) put_millis(out, *target.timeout);
}
void put_target(std::string& out, const WorkerTarget&) {
  out.push_back(kWorker);
}
void put_target(std::string& out, const EchoTarget& target) {
  out.push_back(kEcho);
  put_millis(out, target.delay);
  put_small(out, target.fail_times);
}

HttpTarget http_target(codec::Input& in) {
  HttpTarget target;
  target.url = in.bytes();
  target.method = in.bytes();
  target.headers = pairs(in);
  const auto has_timeout = in.byte();
  if (has_timeout > 1) in.fault();
  if (has_timeout == 1) target.timeout = millis(in);
  return target;
}

EchoTarget echo_target(codec::Input& in) {
  EchoTarget target;
  target.delay = millis(in);
  target.fail_times = small_number(in);
  return target;
}

// An optional value inside the options is written only if it is there, so its own form is never
// empty there.
template <class T>
std::optional<T> present(codec::Input& in,
                         std::optional<std::optional<T>> (*decode)(std::string_view)) {
  auto value = decode(in.bytes());
  if (!value || !*value) {
    in.fault();
    return std::nullopt;
  }
  return std::move(*value);
}

void read_field(codec::Input& in, std::uint8_t field, TaskOptions& options) {
  bool empty = false;
  switch (field) {
    case kTarget:
      options.target = present<Target>(in, decode_target);
      break;
    case kRetry:
      options.retry = present<RetryPolicy>(in, decode_retry);
      break;
    case kTimeout:
      options.timeout = millis(in);
      break;
    case kCallbackUrl:
      empty = (options.callback_url = in.bytes()).empty();
      break;
    case kTags:
      empty = (options.tags = strings(in)).empty();
      break;
    case kLabels:
      empty = (options.labels = pairs(in)).empty();
      break;
    case kTraceparent:
      empty = (options.traceparent = in.bytes()).empty();
      break;
    case kTracestate:
      empty = (options.tracestate = in.bytes()).empty();
      break;
    default:
      in.fault();
  }
  if (empty) in.fault();
}

}  // namespace

std::string encode(const TaskOptions& options) {
  std::string out;
  const auto field = [&out](Field number) {
    if (out.empty()) out.push_back(kVersion);
    out.push_back(static_cast<char>(number));
  };
  const auto bytes_field = [&out, &field](Field number, std::string_view bytes) {
    if (bytes.empty()) return;
    field(number);
    codec::put_bytes(out, bytes);
  };
  bytes_field(kTarget, encode(options.target));
  bytes_field(kRetry, encode(options.retry));
  if (options.timeout) {
    field(kTimeout);
    put_millis(out, *options.timeout);
  }
  bytes_field(kCallbackUrl, options.callback_url);
  if (!options.tags.empty()) {
    field(kTags);
    codec::put_number(out, options.tags.size());
    for (const auto& tag : options.tags) codec::put_bytes(out, tag);
  }
  if (!options.labels.empty()) {
    field(kLabels);
    put_pairs(out, options.labels);
  }
  bytes_field(kTraceparent, options.traceparent);
  bytes_field(kTracestate, options.tracestate);
  return out;
}

std::optional<TaskOptions> decode_options(std::string_view bytes) {
  TaskOptions options;
  if (bytes.empty()) return options;
  codec::Input in(bytes);
  if (in.byte() != kVersion || in.at_end()) return std::nullopt;
  // Fields rise strictly: one spelling, and none twice.
  std::uint8_t last = 0;
  while (!in.at_end()) {
    const auto field = in.byte();
    if (field <= last) return std::nullopt;
    last = field;
    read_field(in, field, options);
  }
  return in.ok() ? std::optional(std::move(options)) : std::nullopt;
}

std::string encode(const std::optional<Target>& target) {
  std::string out;
  if (!target) return out;
  out.push_back(kVersion);
  std::visit([&out](const auto& value) { put_target(out, value); }, *target);
  return out;
}

std::optional<std::optional<Target>> decode_target(std::string_view bytes) {
  if (bytes.empty()) return std::optional<Target>();
  codec::Input in(bytes);
  if (in.byte() != kVersion) return std::nullopt;
  std::optional<Target> target;
  switch (in.byte()) {
    case kHttp:
      target = http_target(in);
      break;
    case kWorker:
      target = WorkerTarget{};
      break;
    case kEcho:
      target = echo_target(in);
      break;
    default:
      return std::nullopt;
  }
  if (!in.finished()) return std::nullopt;
  return target;
}

std::string encode(const std::optional<RetryPolicy>& policy) {
  std::string out;
  if (!policy) return out;
  out.push_back(kVersion);
  put_small(out, policy->max_attempts);
  out.push_back(static_cast<char>(policy->backoff));
  put_millis(out, policy->initial);
  put_millis(out, policy->max);
  codec::put_double(out, policy->jitter);
  return out;
}

std::optional<std::optional<RetryPolicy>> decode_retry(std::string_view bytes) {
  if (bytes.empty()) return std::optional<RetryPolicy>();
  codec::Input in(bytes);
  if (in.byte() != kVersion) return std::nullopt;
  RetryPolicy policy;
  policy.max_attempts = small_number(in);
  const auto backoff = in.byte();
  if (backoff > static_cast<std::uint8_t>(Backoff::fixed)) return std::nullopt;
  policy.backoff = static_cast<Backoff>(backoff);
  policy.initial = millis(in);
  policy.max = millis(in);
  policy.jitter = in.real();
  if (!in.finished()) return std::nullopt;
  return policy;
}

}  // namespace belfry::domain
