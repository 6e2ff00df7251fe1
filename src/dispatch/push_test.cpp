#include <gtest/gtest.h>

#include "dispatch/push_outcome.hpp"
#include "dispatch/push_request.hpp"
#include "domain/limits.hpp"
#include "json/check.hpp"

namespace belfry::dispatch {
namespace {

using Kind = outbox::AttemptEnd::Kind;

http::OutboundResponse an_answer(int status, std::string body = "", const char* type = nullptr) {
  http::OutboundResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  if (type != nullptr) answer.headers.set("Content-Type", type);
  return answer;
}

TEST(PushOutcome, JudgesEveryStatus) {
  for (int status = 100; status < 600; ++status) {
    const auto outcome = push_outcome(an_answer(status), from_ms(0));
    EXPECT_EQ(outcome.accepted, status == 202) << status;
    if (status == 202) continue;
    const bool good = status >= 200 && status < 300;
    EXPECT_EQ(outcome.end.kind, good ? Kind::completed : Kind::failed) << status;
    EXPECT_EQ(outcome.end.http_status, status);
    if (!good) {
      EXPECT_EQ(outcome.end.retryable, status != 410) << status;
    }
  }
}

TEST(PushOutcome, HeedsWhatTheTargetAsks) {
  auto never = an_answer(500);
  never.headers.set("Belfry-Retry", "never");
  EXPECT_FALSE(push_outcome(never, from_ms(0)).end.retryable);
  for (const int status : {403, 413, 429, 502, 503, 504}) {
    auto later = an_answer(status);
    later.headers.set("Retry-After", "60");
    EXPECT_EQ(push_outcome(later, from_ms(1'000)).end.not_before, from_ms(61'000));
  }
  auto unasked = an_answer(500);
  unasked.headers.set("Retry-After", "60");
  EXPECT_FALSE(push_outcome(unasked, from_ms(0)).end.not_before);
}

TEST(PushOutcome, FailuresOfTheCallAreTriedAgainButForForbiddenOnes) {
  using F = http::CallFailure;
  for (const auto failure : {F::name_not_resolved, F::connect_failed, F::tls_failed, F::timed_out,
                             F::connection_broken, F::malformed_answer}) {
    const auto outcome = push_outcome(std::unexpected(http::CallError{failure}), from_ms(0));
    EXPECT_TRUE(outcome.end.retryable) << name(failure);
    EXPECT_EQ(outcome.end.error, name(failure));
  }
  const auto forbidden =
      push_outcome(std::unexpected(http::CallError{F::destination_forbidden}), from_ms(0));
  EXPECT_FALSE(forbidden.end.retryable);
}

TEST(PushOutcome, TellsWhatTheTargetSaidOfItsFailure) {
  const auto error = [](std::string body) {
    return push_outcome(an_answer(500, std::move(body)), from_ms(0)).end.error;
  };
  EXPECT_EQ(error(""), "the target answered 500");
  EXPECT_EQ(error("no stock"), "the target answered 500: no stock");
  EXPECT_EQ(error("\xff\xfe"), "the target answered 500");
  EXPECT_EQ(error(std::string(9'000, 'x')).size(),
            1'024 + std::string_view("the target answered 500: ").size());
}

TEST(PushOutcome, AResultIsJsonIfTheAnswerSaysSoAndIsElseAString) {
  const auto* const json = "application/json; charset=utf-8";
  EXPECT_EQ(result_of(an_answer(200)), "");
  EXPECT_EQ(result_of(an_answer(200, R"({"a": 1})", json)), R"({"a": 1})");
  EXPECT_EQ(result_of(an_answer(200, R"({"a": 1})", "application/problem+json")), R"({"a": 1})");
  EXPECT_EQ(result_of(an_answer(200, R"({"a": 1})", "Application/JSON")), R"({"a": 1})");
  EXPECT_EQ(result_of(an_answer(200, R"({"a": 1})", "application/problem+JSON")), R"({"a": 1})");
  for (const auto* type : {"text/plain", "application/jsonl", "text/html; x=+json"}) {
    EXPECT_EQ(result_of(an_answer(200, R"({"a": 1})", type)), R"("{\"a\": 1}")") << type;
  }
  EXPECT_EQ(result_of(an_answer(200, R"({"a": )", json)), R"("{\"a\": ")");
  EXPECT_EQ(result_of(an_answer(200, R"({"a":1,"a":2})", json)), R"("{\"a\":1,\"a\":2}")");
  EXPECT_EQ(result_of(an_answer(200, "plain")), R"("plain")");
}

// Whatever a target answers, what is kept is JSON within the limit.
TEST(PushOutcome, HostileResultsStayWithinTheLimit) {
  using std::string;
  const string deep(100, '[');
  const auto repeat = [](std::string_view unit, std::size_t times) {
    string all;
    for (std::size_t i = 0; i < times; ++i) all += unit;
    return all;
  };
  for (const auto& body : {string(65'536, 'x'), string(65'536, '\0'), string(65'536, '"'),
                           string(65'536, '\xff'), string(65'536, '\x80'),
                           "x" + repeat("\xe2\x82\xac", 21'845), repeat("\xf0\x9f\x98\x80", 16'384),
                           deep, string("\xef\xbb\xbf{}"), string("\"\\ud800\"")}) {
    for (const auto* type : {"application/json", "text/plain"}) {
      const auto result = result_of(an_answer(200, body, type));
      EXPECT_LE(result.size(), domain::kResultBytesMax);
      EXPECT_TRUE(json::check(result, domain::kJsonDepthMax)) << result.substr(0, 40);
    }
  }
}

store::Claim::Task a_claimed_task(std::string payload) {
  store::Claim::Task task;
  task.id = TaskId{Uuid{0x0190000000007000, 0x8000000000000001}};
  task.payload = std::move(payload);
  task.token = {3, 0x1234};
  return task;
}

http::OutboundRequest request_for(const store::Claim::Task& task,
                                  const domain::HttpTarget& target = {}) {
  static const ManualClock clock(from_ms(1'700'000'000'900));
  Random random(1);
  const std::vector keys{*signing::SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  return push_request(task, target, *http::parse_url("https://a.test/run"), keys, clock,
                      Millis{5'000}, random);
}

TEST(PushRequest, SendsAStringAsItsCharactersAndAnythingElseAsItsJson) {
  struct Case {
    const char *payload, *body, *type;
  };
  for (const auto& [payload, body, type] :
       {Case{R"({"a":1})", R"({"a":1})", "application/json"},
        Case{"[1, 2]", "[1, 2]", "application/json"},
        Case{R"("{\"a\":1}")", R"({"a":1})", "application/json"},
        Case{R"("hello")", "hello", "text/plain; charset=utf-8"},
        Case{R"("\u20ac")", "\xe2\x82\xac", "text/plain; charset=utf-8"},
        Case{"", "", "application/json"}}) {
    const auto request = request_for(a_claimed_task(payload));
    EXPECT_EQ(request.body, body);
    EXPECT_EQ(request.headers.get("Content-Type"), type) << payload;
  }
}

TEST(PushRequest, NamesTaskAttemptAndLeaseAndIsSigned) {
  const auto task = a_claimed_task(R"({"a":1})");
  const auto request = request_for(task);
  auto headers = request.headers;
  for (auto& [name, value] : request.headers_at_sending(request.body)) headers.add(name, value);
  EXPECT_EQ(headers.get("Belfry-Task-Id"), to_string(task.id));
  EXPECT_EQ(headers.get("Belfry-Attempt"), "3");
  EXPECT_EQ(headers.get("Belfry-Lease"), "3.0000000000001234");
  EXPECT_EQ(headers.get("Idempotency-Key"), to_string(task.id));
  EXPECT_EQ(headers.get("webhook-timestamp"), "1700000000");
  const auto key = *signing::SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  EXPECT_TRUE(signing::verify(key,
                              {*headers.get("webhook-id"), *headers.get("webhook-timestamp"),
                               *headers.get("webhook-signature"), request.body},
                              from_ms(1'700'000'000'900)));
}

TEST(PushRequest, IsNeverSentAgainByTheClientAndGoesOutFreshIfItHasOneAttempt) {
  using Request = http::OutboundRequest;
  auto task = a_claimed_task("{}");
  task.max_attempts = 1;
  EXPECT_EQ(request_for(task).connection, Request::Connection::fresh);
  EXPECT_EQ(request_for(task).after_stale_end, Request::AfterStaleEnd::report);
  task.max_attempts = 2;
  EXPECT_EQ(request_for(task).connection, Request::Connection::kept_or_fresh);
  EXPECT_EQ(request_for(task).after_stale_end, Request::AfterStaleEnd::report);
}

TEST(PushRequest, CarriesTheTargetsHeadersAndTheSubmittersTrace) {
  auto task = a_claimed_task("1");
  task.options.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  task.options.tracestate = "vendor=a:b,other=c";
  domain::HttpTarget target;
  target.method = "PUT";
  target.headers = {{"X-A", "b"}, {"content-type", "application/x-mine"}, {"user-agent", "shop/2"}};
  const auto request = request_for(task, target);
  EXPECT_EQ(request.method, http::Method::put);
  EXPECT_EQ(request.headers.get("X-A"), "b");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/x-mine");
  EXPECT_EQ(request.headers.get("User-Agent"), "shop/2");
  EXPECT_EQ(request.headers.count("User-Agent"), 1U);
  EXPECT_EQ(request_for(task).headers.get("User-Agent"), "Belfry");
  const auto trace = std::string(request.headers.get("traceparent").value());
  EXPECT_EQ(trace.substr(0, 36), "00-0af7651916cd43dd8448eb211c80319c-");
  EXPECT_NE(trace.substr(36, 16), "b7ad6b7169203331");  // a span of our own
  EXPECT_EQ(trace.substr(52), "-01");
  EXPECT_EQ(request.headers.get("tracestate"), "vendor=a:b,other=c");
  EXPECT_FALSE(request_for(a_claimed_task("1"), target).headers.get("tracestate"));
}

}  // namespace
}  // namespace belfry::dispatch
