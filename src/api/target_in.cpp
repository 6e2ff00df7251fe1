// What a body may say about where a task runs and how often it is tried.
#include <fmt/format.h>

#include <algorithm>

#include "api/task_in.hpp"
#include "api/task_out.hpp"
#include "auth/secret_places.hpp"
#include "http/url.hpp"
#include "json/pointer.hpp"

namespace belfry::api {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kOther.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_reserved_header(const std::string& name) {
  constexpr std::string_view kReserved[] = {"host",
                                            "content-length",
                                            "connection",
                                            "keep-alive",
                                            "te",
                                            "trailer",
                                            "transfer-encoding",
                                            "upgrade",
                                            "expect",
                                            "proxy-authenticate",
                                            "proxy-authorization",
                                            "proxy-connection",
                                            "accept-encoding",
                                            "traceparent",
                                            "tracestate",
                                            "idempotency-key"};
  return name.starts_with("belfry-") || name.starts_with("webhook-") ||
         std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

// Looked at before the content: what is too much is not read. Escapes make the text no shorter.
bool headers_fit(const json::Value& object) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const auto& member : object.members()) {
    const auto value = member.value.raw().size() <= 6 * domain::kTargetHeaderBytesMax + 2
                           ? member.value.string()
                           : std::nullopt;
    const auto key_bytes = member.raw_key.size() <= 6 * domain::kTargetHeaderBytesMax
                               ? member.key().size()
                               : member.raw_key.size();
    bytes += key_bytes + (value ? value->size() : 0);
    const bool too_long = !value && member.value.kind() == json::Kind::string;
    if (++count > domain::kTargetHeadersMax || bytes > domain::kTargetHeaderBytesMax || too_long) {
      return false;
    }
  }
  return true;
}

using HeaderList = std::vector<std::pair<std::string, std::string>>;

HeaderList read_headers(const json::Value& object, const std::string& pointer, Faults& faults) {
  HeaderList headers;
  if (!headers_fit(object)) {
    faults.add(pointer, fmt::format("at most {} headers and {} bytes in all",
                                    domain::kTargetHeadersMax, domain::kTargetHeaderBytesMax));
    return headers;
  }
  for (const auto& member : object.members()) {
    const auto name = member.key();
    const auto value = member.value.string();
    const auto at = json::child_pointer(pointer, name);
    if (!is_token(name)) {
      faults.add(pointer, "a header name holds a character that HTTP does not allow");
    } else if (is_reserved_header(lower(name))) {
      faults.add(at, "this header is set by the scheduler or the connection; leave it out");
    } else if (value == kHiddenHeader) {
      faults.add(at, "give the value itself: it is not shown once it is stored");
    } else if (!value || !is_field_value(*value)) {
      faults.add(at, "must be a string without control characters");
    } else {
      headers.emplace_back(name, *value);
    }
  }
  return headers;
}

// Marks the values that may be shown; all others are sealed.
void mark_public(json::FieldReader& in, HeaderList& headers) {
  const auto names = in.array("publicHeaders");
  if (!names) return;
  for (const auto& element : names->elements()) {
    const auto wanted = element.string();
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
      return wanted && lower(header.first) == lower(*wanted);
    });
    if (found == headers.end() || found->second.starts_with(domain::kPublicHeaderMark)) {
      return in.fault("publicHeaders", "must be names of `headers`, each once");
    }
    found->second.insert(found->second.begin(), domain::kPublicHeaderMark);
  }
}

domain::HttpTarget read_http(json::FieldReader& in, const http::EgressPolicy& egress,
                             Faults& faults) {
  domain::HttpTarget target;
  if (auto url = in.string("url", {1, domain::kUrlBytesMax, json::Need::required})) {
    check_url(*url, in.pointer("url"), egress, faults);
    target.url = std::move(*url);
  }
  if (auto method = in.string("method")) {
    constexpr std::string_view kMethods[] = {"POST", "PUT", "PATCH", "GET", "DELETE"};
    if (std::find(std::begin(kMethods), std::end(kMethods), *method) == std::end(kMethods)) {
      in.fault("method", "must be POST, PUT, PATCH, GET or DELETE");
    }
    target.method = std::move(*method);
  }
  if (const auto headers = in.object("headers")) {
    target.headers = read_headers(*headers, in.pointer("headers"), faults);
  }
  mark_public(in, target.headers);
  const json::IntegerLimits kTimeout{domain::kTimeoutMin.count(), domain::kTimeoutMax.count()};
  if (const auto timeout = in.integer("timeoutMs", kTimeout)) target.timeout = Millis{*timeout};
  return target;
}

domain::EchoTarget read_echo(json::FieldReader& in) {
  domain::EchoTarget target;
  if (const auto delay = in.integer("delayMs", {0, 3'600'000})) target.delay = Millis{*delay};
  if (const auto times = in.integer("failTimes", {0, domain::kAttemptsMax})) {
    target.fail_times = static_cast<int>(*times);
  }
  return target;
}

}  // namespace

void seal_headers(domain::Target& target, TenantId tenant, const auth::SealedBox& sealed) {
  auto* http = std::get_if<domain::HttpTarget>(&target);
  if (http == nullptr) return;
  for (auto& [name, value] : http->headers) {
    if (value.starts_with(domain::kSealedHeaderMark)) continue;
    if (value.starts_with(domain::kPublicHeaderMark)) continue;
    value = domain::kSealedHeaderMark +
            sealed.seal(Secret(value), auth::place_of_target_header(tenant));
  }
}

void check_url(std::string_view url, std::string_view pointer, const http::EgressPolicy& egress,
               Faults& faults) {
  const auto parsed = http::parse_url(url);
  const auto judge = [&](const Error& error) {
    faults.add(std::string(pointer), error.message);
    if (error.code == ErrorCode::destination_forbidden) ++faults.destinations;
  };
  if (!parsed) return judge(parsed.error());
  if (const auto allowed = egress.check_literal(*parsed); !allowed) judge(allowed.error());
}

std::optional<domain::Target> read_target(const json::Value& object, std::string prefix,
                                          const http::EgressPolicy& egress, Faults& faults) {
  json::FieldReader in(object, std::move(prefix), faults.fields);
  const auto type = in.string("type", {1, 16, json::Need::required});
  std::optional<domain::Target> target;
  if (type == "http") {
    target = read_http(in, egress, faults);
  } else if (type == "worker") {
    target = domain::WorkerTarget{};
  } else if (type == "echo") {
    target = read_echo(in);
  } else if (type) {
    in.fault("type", "must be http, worker or echo");
    return std::nullopt;
  }
  if (type) in.done();
  return target;
}

std::optional<domain::RetryPolicy> read_retry(const json::Value& object, std::string prefix,
                                              const domain::RetryPolicy& defaults, Faults& faults) {
  json::FieldReader in(object, std::move(prefix), faults.fields);
  auto retry = defaults;
  if (const auto n = in.integer("maxAttempts", {1, domain::kAttemptsMax})) {
    retry.max_attempts = static_cast<int>(*n);
  }
  if (const auto text = in.string("backoff")) {
    if (const auto backoff = domain::parse_backoff(*text)) {
      retry.backoff = *backoff;
    } else {
      in.fault("backoff", "must be exponential, linear or fixed");
    }
  }
  const json::IntegerLimits kDelay{0, domain::kBackoffMax.count()};
  const auto initial = in.integer("initialMs", kDelay);
  if (const auto ms = in.integer("maxMs", kDelay)) retry.max = Millis{*ms};
  if (initial && Millis{*initial} > retry.max) {
    in.fault("initialMs", fmt::format("must be at most maxMs, which is {}", retry.max.count()));
  }
  retry.initial = initial ? Millis{*initial} : std::min(retry.initial, retry.max);
  if (const auto share = in.number("jitter", {0.0, 1.0})) retry.jitter = *share;
  in.done();
  return retry;
}

}  // namespace belfry::api
