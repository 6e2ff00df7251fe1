#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/bulk_items.hpp"
#include "api/route.hpp"
#include "api/warnings.hpp"
#include "json/field_reader.hpp"
#include "store/commands.hpp"

namespace belfry::api {

// What a worker (or a target that answered 202) says of an attempt it holds.
struct Settlement {
  TaskId id;
  store::LeaseToken token;
  bool completed = true;
  std::string result;  // raw JSON
  std::string error;
  bool retryable = true;
  Warnings warnings = {};
};

// The field leaseToken; stale_lease if it is none of ours (it may be a lost one's garbled copy).
Result<store::LeaseToken> read_lease_token(json::FieldReader& in);

// {"leaseToken", "result"} or {"leaseToken", "errorMessage", "retryable"}. A result or message that
// cannot be kept as it came is taken all the same, cut and mended, with warnings.
Result<Settlement> read_settlement(std::string body, TaskId id, bool completed);
// One of several: what was said, or why it cannot be taken.
struct SettlementItem {
  std::optional<std::string> task_id;  // as sent, to be found again by
  Result<Settlement> settlement = Settlement{};
};

// The bulk form: an array of {"taskId", "leaseToken", "result"} or, failed, {"taskId",
// "leaseToken", "errorMessage", "retryable"}. Fails only if it is no array of 1 to kBulkTasksMax;
// else a fault is its own item's.
Result<std::vector<SettlementItem>> read_settlements(const http::Request& request);

// Ends the attempts, retrying failed ones by their tasks' policies; replies in order.
boost::asio::awaitable<std::vector<Result<store::Finish::Reply>>> settle(
    Call call, std::vector<Settlement> settlements);

// The same for several, and the answer that tells of each, in order.
boost::asio::awaitable<std::string> settle_each(Call call, std::vector<SettlementItem> items);

}  // namespace belfry::api
