#include "store/trouble.hpp"

#include <utility>

namespace belfry::store {

using std::chrono::seconds;

Trouble::Trouble(std::function<void(std::string)> on_broken) : on_broken_(std::move(on_broken)) {}

void Trouble::report(std::string reason) {
  if (broken_.exchange(true, std::memory_order_acq_rel)) return;
  if (on_broken_) on_broken_(std::move(reason));
}

Error refusal_busy() {
  return {.code = ErrorCode::storage_unavailable,
          .message = "The store is busy or unreachable and nothing was changed; try again.",
          .retry_after = seconds{1}};
}

Error refusal_full() {
  return {.code = ErrorCode::storage_unavailable,
          .message = "The store's disk is full: nothing new is accepted until space is freed.",
          .retry_after = seconds{5}};
}

Error refusal_broken() {
  return {.code = ErrorCode::storage_unavailable,
          .message =
              "The store failed; whether this was recorded is unknown. Ask again with the "
              "same Idempotency-Key once the service is back.",
          .retry_after = seconds{5}};
}

Error refusal_no_memory() {
  return {.code = ErrorCode::overloaded,
          .message = "There is not enough memory for this read; ask for less, or try again.",
          .retry_after = seconds{1}};
}

Error refusal_overloaded() {
  return {.code = ErrorCode::overloaded,
          .message = "Too many requests are waiting for the store; try again in a second.",
          .retry_after = seconds{1}};
}

Error refusal_stopping() {
  return {.code = ErrorCode::draining,
          .message = "This server is stopping; send the request to another one, or again later.",
          .retry_after = seconds{1}};
}

Error refusal_damaged() {
  return {.code = ErrorCode::storage_unavailable,
          .message =
              "stored_data_damaged: what is stored of this does not fit its checksum, so it "
              "is not served; the operator's log names the row, and a backup has it.",
          .retry_after = seconds{60}};
}

}  // namespace belfry::store
