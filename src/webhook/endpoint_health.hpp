#pragma once

#include "webhook/verdict.hpp"

namespace belfry::webhook {

// An endpoint that has failed for this long is disabled.
inline constexpr std::chrono::hours kDisableAfter{24 * 5};
// A failure longer ago than any wait of the schedule is of another time: nobody has called since,
// so nothing is known of what lay between.
inline constexpr std::chrono::hours kFailureForgotten{28};

// What a call tells of its endpoint: since when it fails, or that it is well, or that it is to be
// disabled. True if the row has changed and is to be written. `may_disable` is false while the
// clock is in doubt: nobody knows then how long the endpoint has failed.
bool note_call(store::EndpointRow& endpoint, const AttemptVerdict& verdict, Timestamp now,
               bool may_disable = true);

}  // namespace belfry::webhook
