#include "store/sqlite/log_bound.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kFrameBytes = 4'096 + 24;  // a page and its header
constexpr Millis kPatience{50};
// How much longer the log gets, as a share of the bound, before a long read is met again.
constexpr std::int64_t kShareBetweenTries = 4;

}  // namespace

LogBound::LogBound(Database& db, ReadGate& gate, std::int64_t bytes_max)
    : db_(db), gate_(gate), frames_max_(bytes_max / kFrameBytes), try_at_(frames_max_) {}

void LogBound::after_commit() {
  const auto frames = db_.log_frames();
  if (frames < frames_max_) try_at_ = frames_max_;
  if (frames < try_at_) return;
  gate_.alone(kPatience, [this] { db_.empty_log(); });
  try_at_ = frames + frames_max_ / kShareBetweenTries;
}

}  // namespace belfry::store::sqlite
