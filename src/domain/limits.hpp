#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every limit with a name, in one place (PROMISES section 4, DESIGN sections 5 and 6).
namespace belfry::domain {

using Millis = std::chrono::milliseconds;

inline constexpr std::size_t kBodyBytesMax = 1024 * 1024;
inline constexpr std::size_t kCredentialBodyBytesMax = 16 * 1024;  // of /auth: no token is needed
inline constexpr std::size_t kBulkBodyBytesMax = 16 * 1024 * 1024;
inline constexpr std::size_t kPayloadBytesMax = 256 * 1024;
inline constexpr std::size_t kResultBytesMax = 64 * 1024;       // larger ones are cut to a string
inline constexpr std::size_t kEventResultBytesMax = 16 * 1024;  // beyond: `resultTruncated`
inline constexpr std::size_t kErrorBytesMax = 4 * 1024;
inline constexpr int kJsonDepthMax = 32;
inline constexpr std::size_t kBulkTasksMax = 1'000;
inline constexpr std::size_t kTaskNameCharsMax = 256;
inline constexpr std::size_t kTenantNameCharsMax = 128;
inline constexpr std::size_t kQueueNameCharsMax = 128;
inline constexpr std::size_t kTagsMax = 16;
inline constexpr std::size_t kTagCharsMax = 64;
inline constexpr std::size_t kLabelsMax = 16;
inline constexpr std::size_t kLabelCharsMax = 256;
inline constexpr std::size_t kTargetHeadersMax = 32;
inline constexpr std::size_t kTargetHeaderBytesMax = 4 * 1024;
inline constexpr std::size_t kUrlBytesMax = 2'048;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;
inline constexpr std::chrono::hours kIdempotencyLife{24};
inline constexpr int kPriorityMin = 1;
inline constexpr int kPriorityMax = 10;
inline constexpr int kPriorityDefault = 5;
inline constexpr int kAttemptsMax = 100;
inline constexpr Millis kTimeoutDefault{30'000};
inline constexpr Millis kTimeoutMin{100};
inline constexpr Millis kTimeoutMax{24 * 3'600'000};
inline constexpr Millis kLeaseMin{1'000};
inline constexpr Millis kLeaseMax{3'600'000};
inline constexpr Millis kLeaseDefault{30'000};
inline constexpr Millis kPushLease{15'000};
inline constexpr Millis kPushLeaseRenewal{5'000};
inline constexpr Millis kLongPollMax{20'000};
inline constexpr std::size_t kLeaseTasksMax = 1'000;
inline constexpr Millis kBackoffMax{24 * 3'600'000};
inline constexpr Millis kRetryAfterMax{24 * 3'600'000};
inline constexpr std::chrono::days kHorizonMax{7'305};  // how far ahead a task may be scheduled
inline constexpr Millis kAgingDefault{60'000};
inline constexpr int kPageLimitDefault = 50;
inline constexpr int kPageLimitMax = 500;
inline constexpr int kScanRowsMax = 50'000;  // rows that one filtered page may look at
// What one look into the store may bring into memory. Payloads, results, errors and options count;
// one task is always let through, so that each limit may be passed by the size of one.
inline constexpr std::size_t kPageBytesMax = 8 * 1024 * 1024;        // of a page of tasks
inline constexpr std::size_t kClaimBytesMax = 4 * 1024 * 1024;       // of one claim
inline constexpr std::size_t kClaimBytesACommit = 16 * 1024 * 1024;  // of all claims in a commit
// Of the pushes and echoes in flight; a tenant's share leaves room for others, as its slots do.
inline constexpr std::size_t kPushBytesTotal = 128 * 1024 * 1024;
inline constexpr std::size_t kPushBytesATenant = kPushBytesTotal / 8;
inline constexpr int kTenantRunningDefault = 1'000;
inline constexpr std::int64_t kTenantStoredDefault = 10LL * 1024 * 1024 * 1024;
// Of the answer to a bulk call that is kept for its idempotency key.
inline constexpr std::size_t kKeptAnswerBytesMax = 4 * 1024 * 1024;
inline constexpr int kPushPerDestination = 128;
inline constexpr int kPushTotal = 8'000;
inline constexpr int kEndpointsMax = 50;
inline constexpr int kApiKeysMax = 100;
inline constexpr int kQueuesMax = 1'000;
inline constexpr int kSeriesNamesMax = 200;  // task names a tenant's series tell apart an hour

}  // namespace belfry::domain
