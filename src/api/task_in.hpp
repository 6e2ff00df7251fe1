#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.hpp"
#include "base/error.hpp"
#include "domain/task.hpp"
#include "http/message.hpp"
#include "json/field_reader.hpp"

namespace belfry::api {

// The faults of one body. `destination` remembers that one of them is a forbidden address, which
// has a problem type of its own when nothing else is wrong.
struct Faults {
  FieldFaults fields;
  std::size_t destinations = 0;
  void add(std::string pointer, std::string detail);
  // validation_failed, destination_forbidden if that is all that is wrong, or success.
  Result<> result() const;
};

// What is true of every string in a body: at most so many characters, and no U+0000.
bool is_short_text(std::string_view text, std::size_t chars_max);
// A name that people read; a fault if it is blank or holds what cannot be seen.
std::optional<std::string> read_name(json::FieldReader& in, std::string_view key,
                                     json::StringLimits limits);

// The submitter's W3C Trace Context; empty where it is not valid, tracestate also where traceparent
// is not.
struct TraceContext {
  std::string parent;
  std::string state;
};
TraceContext read_trace(const http::Request& request);

// A submission as the wire has it (DESIGN section 6), checked and with defaults; the queue's own
// retry policy fills in what the body leaves open. `again` is the id of the task that the same body
// made before: it is read as of then.
Result<domain::NewTask> read_submission(const json::Value& body, TenantId tenant,
                                        const Services& services, const TraceContext& trace,
                                        std::optional<TaskId> again = {});

// Shared with queues: what the two objects may say. `prefix` is their JSON Pointer.
std::optional<domain::Target> read_target(const json::Value& object, std::string prefix,
                                          const http::EgressPolicy& egress, Faults& faults);
// Seals the values of headers that carry credentials (PROMISES P21): they are never shown again.
void seal_headers(domain::Target& target, TenantId tenant, const auth::SealedBox& sealed);
std::optional<domain::RetryPolicy> read_retry(const json::Value& object, std::string prefix,
                                              const domain::RetryPolicy& defaults, Faults& faults);
// Checks syntax and literal address; a fault at `pointer` otherwise.
void check_url(std::string_view url, std::string_view pointer, const http::EgressPolicy& egress,
               Faults& faults);

}  // namespace belfry::api
