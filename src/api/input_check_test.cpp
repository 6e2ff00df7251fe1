#include "api/input_check.hpp"

#include <gtest/gtest.h>

namespace belfry::api {
namespace {

using http::Method;

struct Sent {
  Method method = Method::post;
  std::string type = {}, body = {}, query = {};
};

http::Request request_of(const Sent& sent) {
  http::Request request;
  request.method = sent.method;
  request.query = sent.query;
  request.body = sent.body;
  if (!sent.type.empty()) request.headers.add("Content-Type", sent.type);
  if (!sent.body.empty()) {
    request.headers.add("Content-Length", std::to_string(sent.body.size()));
  }
  return request;
}

// The status that such a request is answered with before its handler runs; 200: it runs.
int status(const Takes& takes, const Sent& sent, Access::Who who = Access::Who::tenant) {
  const auto good = check_input(takes, who, request_of(sent));
  return good ? 200 : http_status(good.error().code);
}

constexpr const char* kJsonType = "application/json";
constexpr const char* kFormType = "application/x-www-form-urlencoded";
constexpr const char* kLinesType = "application/x-ndjson";

TEST(InputCheck, EachRouteTakesItsOwnMediaTypes) {
  const auto sent = [](const char* type) { return Sent{.type = type, .body = "{}"}; };
  for (const auto& takes : {kTakesJson, kTakesForm, kTakesLines}) {
    const auto body = takes.body;
    EXPECT_EQ(status(takes, sent(kJsonType)), 200);
    EXPECT_EQ(status(takes, sent(kFormType)), body == Takes::Body::json_or_form ? 200 : 415);
    EXPECT_EQ(status(takes, sent(kLinesType)), body == Takes::Body::json_or_lines ? 200 : 415);
    EXPECT_EQ(status(takes, sent("text/plain")), 415);
    EXPECT_EQ(status(takes, sent("application/jsonx")), 415);
    EXPECT_EQ(status(takes, sent("")), 415) << "a body needs a type";
  }
}

TEST(InputCheck, TextIsUtf8) {
  const std::string json = kJsonType;
  for (const auto* good : {"; charset=utf-8", "; charset=UTF-8", "; charset=\"utf-8\""}) {
    EXPECT_EQ(status(kTakesJson, {.type = json + good, .body = "{}"}), 200) << good;
  }
  EXPECT_EQ(status(kTakesJson, {.type = json + "; charset=iso-8859-1", .body = "{}"}), 415);
}

TEST(InputCheck, WhereNoBodyIsTakenNoneButAnEmptyObjectIs) {
  for (const auto method : {Method::post, Method::delete_}) {
    EXPECT_EQ(status({}, {.method = method}), 200);
    EXPECT_EQ(status({}, {.method = method, .type = kJsonType, .body = "{}"}), 200);
    EXPECT_EQ(status({}, {.method = method, .type = kJsonType, .body = R"({"a":1})"}), 422);
    EXPECT_EQ(status({}, {.method = method, .type = kJsonType, .body = "{"}), 400);
  }
  EXPECT_EQ(status({}, {.method = Method::delete_, .type = "text/plain"}), 200);
  EXPECT_EQ(status({}, {.method = Method::get, .type = "text/plain"}), 200);
}

TEST(InputCheck, NoContentHasNoFormatOnRoutesThatNeedAToken) {
  using Who = Access::Who;
  for (const auto& takes : {Takes{}, kTakesJson, kTakesForm, kTakesLines}) {
    for (const auto* type : {kFormType, "text/plain", "nonsense", "text/plain; charset=utf-16"}) {
      for (const auto who : {Who::tenant, Who::operator_, Who::tenant_or_operator}) {
        EXPECT_EQ(status(takes, {.type = type}, who), 200) << type;
      }
    }
    // A web page of another origin may send this unasked.
    EXPECT_EQ(status(takes, {.type = "text/plain"}, Who::anyone), 415);
    EXPECT_EQ(status(takes, {}, Who::anyone), 200);
  }
}

TEST(InputCheck, ABodyThatIsAnnouncedNeedsAType) {
  const auto refused = [](const http::Request& head) {
    const auto good = check_head_input(kTakesJson, Access::Who::tenant, head);
    return !good && good.error().code == ErrorCode::unsupported_media_type;
  };
  http::Request head;
  head.method = Method::post;
  EXPECT_FALSE(refused(head));
  head.headers.set("Content-Length", "0");
  EXPECT_FALSE(refused(head));
  head.headers.set("Content-Length", "2");
  EXPECT_TRUE(refused(head));
  head.headers.set("Content-Type", "text/plain");
  EXPECT_TRUE(refused(head));
  http::Request chunked;
  chunked.method = Method::post;
  chunked.headers.set("Transfer-Encoding", "chunked");
  chunked.headers.set("Content-Type", "text/plain");
  EXPECT_FALSE(refused(chunked)) << "what comes may be nothing";
}

TEST(InputCheck, AQueryIsTakenWhereTheRouteSaysSo) {
  for (const auto method : {Method::get, Method::post, Method::delete_}) {
    EXPECT_EQ(status({}, {.method = method, .query = "a=1"}), 400);
    EXPECT_EQ(status(kTakesQuery, {.method = method, .query = "a=1"}), 200)
        << "its handler reads it";
    EXPECT_EQ(status(kTakesAnyQuery, {.method = method, .query = "a=1"}), 200);
    EXPECT_EQ(status({}, {.method = method}), 200);
  }
}

}  // namespace
}  // namespace belfry::api
