#include "http/call_end.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

using Kind = CallEnd::Kind;

CallEnd of(int status, const std::string& retry_after = "") {
  OutboundResponse answer;
  answer.status = status;
  if (!retry_after.empty()) answer.headers.add("Retry-After", retry_after);
  return call_end(answer, from_ms(0));
}

CallEnd of(CallError error) {
  return call_end(std::unexpected(error), from_ms(0));
}

TEST(CallEnd, SaysWhatAnAnswerMeansForItsHandler) {
  for (const int status : {200, 202, 301, 400, 404, 410}) EXPECT_EQ(of(status).kind, Kind::healthy);
  for (const int status : {500, 501, 507}) EXPECT_EQ(of(status).kind, Kind::answered);
  for (const int status : {502, 503, 504}) EXPECT_EQ(of(status).kind, Kind::failed);
  EXPECT_EQ(of(429).kind, Kind::slowed);
  EXPECT_EQ(of(503, "7").kind, Kind::slowed);
  EXPECT_EQ(of(503, "7").not_before, from_ms(7'000));
  EXPECT_EQ(of(503, "soon").kind, Kind::failed);
  EXPECT_EQ(of(502, "7").kind, Kind::failed);
  EXPECT_TRUE(of(502).response_bytes);
}

TEST(CallEnd, ToldApartByWhetherTheRequestWasSent) {
  using F = CallFailure;
  for (const auto failure :
       {F::name_not_resolved, F::connect_failed, F::tls_failed, F::timed_out}) {
    EXPECT_EQ(of({.failure = failure}).kind, Kind::unreachable);
    EXPECT_EQ(of({.failure = failure}).name_unresolved, failure == F::name_not_resolved);
  }
  for (const auto failure : {F::timed_out, F::connection_broken}) {
    const auto end = of({.failure = failure, .sent = true});
    EXPECT_EQ(end.kind, Kind::failed);
    EXPECT_FALSE(end.response_bytes);
  }
  EXPECT_TRUE(of({.failure = F::connection_broken, .sent = true, .answered = true}).response_bytes);
  EXPECT_EQ(of({.failure = F::malformed_answer, .sent = true, .answered = true}).kind,
            Kind::answered);
}

TEST(CallEnd, OwnTroubleAndStaleEndsAreNobodysFailure) {
  using F = CallFailure;
  EXPECT_EQ(of({.failure = F::cancelled}).kind, Kind::unknown);
  EXPECT_EQ(of({.failure = F::destination_forbidden}).kind, Kind::unknown);
  EXPECT_EQ(of({.failure = F::connect_failed, .own_trouble = true}).kind, Kind::unknown);
  EXPECT_EQ(of({.failure = F::connection_broken, .sent = true, .stale = true}).kind, Kind::unknown);
}

}  // namespace
}  // namespace belfry::http
