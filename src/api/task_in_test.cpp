#include "api/task_in.hpp"

#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Submissions : public ApiTest {
 protected:
  http::Response try_with(const std::string& members) {
    return post("/api/v1/tasks", R"({"taskName":"t","target":{"type":"worker"},)" + members + "}");
  }
  http::Response target(const std::string& members) {
    return post(
        "/api/v1/tasks",
        R"({"taskName":"t","target":{"type":"http","url":"http://example.com/",)" + members + "}}");
  }
};

TEST_F(Submissions, PrioritiesHaveNames) {
  for (const auto& [name, number] : {std::pair{"LOW", "3"}, std::pair{"NORMAL", "5"},
                                     std::pair{"HIGH", "8"}, std::pair{"CRITICAL", "10"}}) {
    EXPECT_EQ(raw(try_with(std::string(R"("priority":")") + name + "\""), "priority"), number)
        << name;
  }
  EXPECT_EQ(raw(post("/api/v1/tasks", R"({"taskName":"t"})"), "priority"), "5");
}

TEST_F(Submissions, ADelayBesideATimeIsRefused) {
  const auto both = try_with(R"("delayMs":1000,"scheduledFor":"2030-01-01T00:00:00Z")");
  EXPECT_EQ(both.status, 422);
  EXPECT_NE(both.body.find("/delayMs"), std::string::npos);
  EXPECT_EQ(try_with(R"("delayMs":1000)").status, 201);
  EXPECT_EQ(try_with(R"("delayMs":1000,"scheduledFor":null)").status, 201);
}

TEST_F(Submissions, ThePastIsNow) {
  const auto answer = try_with(R"("scheduledFor":"1969-01-01T00:00Z")");
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(text(answer, "scheduledFor"), text(answer, "submittedAt"));
  EXPECT_EQ(text(answer, "status"), "PENDING");
}

TEST_F(Submissions, TheQueuesRetryPolicyFillsInWhatIsOpen) {
  const auto made = call(http::Method::put, "/api/v1/queues/q",
                         R"({"retry":{"maxAttempts":7,"backoff":"fixed","initialMs":20}})");
  ASSERT_LT(made.status, 300) << made.body;
  const auto inherits = try_with(R"("queue":"q")");
  EXPECT_EQ(raw(inherits, "maxRetries"), "7");
  const auto partly = try_with(R"("queue":"q","retry":{"maxMs":500})");
  EXPECT_EQ(raw(partly, "maxRetries"), "7");
  const auto shown = get("/api/v1/tasks/" + text(partly, "taskId"));
  EXPECT_NE(raw(shown, "retry").find(R"("backoff":"fixed","initialMs":20,"maxMs":500)"),
            std::string::npos)
      << raw(shown, "retry");
  EXPECT_EQ(raw(try_with(R"("queue":"other")"), "maxRetries"), "3");
}

TEST_F(Submissions, ANullIsAsIfItWereNotThere) {
  constexpr std::string_view kNames[] = {
      "payload",    "queue", "priority",  "scheduledFor", "delayMs", "target", "expiresAt",
      "maxRetries", "retry", "timeoutMs", "callbackUrl",  "tags",    "labels"};
  const auto shown = [&](const std::string& body) {
    const auto made = post("/api/v1/tasks", body);
    EXPECT_EQ(made.status, 201) << made.body;
    std::vector<std::string> members;
    for (const auto name : kNames) members.push_back(raw(made, name));
    members.push_back(text(made, "status"));
    return members;
  };
  const auto without = shown(R"({"taskName":"t"})");
  for (const auto name : kNames) {
    EXPECT_EQ(shown(R"({"taskName":"t",)" + quoted(name) + ":null}"), without) << name;
  }
}

TEST_F(Submissions, HeadersOfATargetAreItsOwnersAndHttps) {
  const auto with = [&](const std::string& name, const std::string& value) {
    return target(R"("headers":{)" + quoted(name) + ":" + value + "}").status;
  };
  for (const auto* good : {"X-Auth", "Authorization", "Accept", "x!#$%&'*+-.^_`|~9", "Belfry"}) {
    EXPECT_EQ(with(good, R"("v")"), 201) << good;
  }
  for (const auto* bad : {"",
                          "a b",
                          "a:b",
                          "é",
                          "a\"b",
                          "Host",
                          "content-LENGTH",
                          "Connection",
                          "Keep-Alive",
                          "TE",
                          "Trailer",
                          "Transfer-Encoding",
                          "Upgrade",
                          "Expect",
                          "Proxy-Authenticate",
                          "Proxy-Authorization",
                          "Proxy-Connection",
                          "Accept-Encoding",
                          "traceparent",
                          "tracestate",
                          "Idempotency-Key",
                          "Belfry-Task-Id",
                          "Webhook-Id"}) {
    EXPECT_EQ(with(bad, R"("v")"), 422) << bad;
  }
  for (const auto* good : {R"("")", R"("a\tb ~é")"}) EXPECT_EQ(with("X", good), 201) << good;
  for (const auto* bad :
       {"1", "null", R"("a\nb")", R"("a\rb")", R"("\u007f")", R"("\u001f")", "\"(hidden)\""}) {
    EXPECT_EQ(with("X", bad), 422) << bad;
  }
}

TEST_F(Submissions, OnlyPublicHeadersAreShown) {
  const auto made = target(R"("headers":{"A":"seen","B":"kept"},"publicHeaders":["a"])");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto shown = raw(get("/api/v1/tasks/" + text(made, "taskId")), "target");
  for (const auto& where : {made.body, shown}) {
    EXPECT_NE(where.find(R"("A":"seen")"), std::string::npos) << where;
    EXPECT_NE(where.find(R"("publicHeaders":["A"])"), std::string::npos) << where;
    EXPECT_EQ(where.find("kept"), std::string::npos) << where;
  }
  for (const auto* names : {R"(["C"])", R"(["A","a"])", "[1]"}) {
    EXPECT_EQ(target(R"("headers":{"A":"v"},"publicHeaders":)" + std::string(names)).status, 422)
        << names;
  }
}

TEST_F(Submissions, ATargetHasAKindAndAMethod) {
  for (const auto* method : {"POST", "PUT", "PATCH", "GET", "DELETE"}) {
    EXPECT_EQ(target(R"("method":)" + quoted(method)).status, 201) << method;
  }
  for (const auto* method : {"HEAD", "post", "", "OPTIONS"}) {
    EXPECT_EQ(target(R"("method":)" + quoted(method)).status, 422) << method;
  }
  for (const auto* wrong :
       {R"({"type":"ftp"})", "{}", R"({"type":"http"})",
        R"({"type":"worker","url":"http://example.com/"})", R"({"type":"echo","method":"GET"})"}) {
    EXPECT_EQ(
        post("/api/v1/tasks", R"({"taskName":"t","target":)" + std::string(wrong) + "}").status,
        422)
        << wrong;
  }
  for (const auto* backoff : {"exponential", "linear", "fixed", "random"}) {
    EXPECT_EQ(try_with(R"("retry":{"backoff":)" + quoted(backoff) + "}").status,
              std::string_view(backoff) == "random" ? 422 : 201);
  }
}

TEST_F(Submissions, TheTwoNamesOfTheNumberOfAttemptsAgree) {
  EXPECT_EQ(raw(try_with(R"("maxRetries":4)"), "maxRetries"), "4");
  EXPECT_EQ(raw(try_with(R"("retry":{"maxAttempts":4})"), "maxRetries"), "4");
  EXPECT_EQ(raw(try_with(R"("maxRetries":4,"retry":{"maxAttempts":4})"), "maxRetries"), "4");
  EXPECT_EQ(raw(try_with(R"("maxRetries":4,"retry":{})"), "maxRetries"), "4");
  EXPECT_EQ(try_with(R"("maxRetries":4,"retry":{"maxAttempts":5})").status, 422);
}

TEST_F(Submissions, NamesCanBeSeen) {
  const char* const bad[] = {" ", "\t", "\xc2\xa0", "a\xe2\x80\xae", "a\nb", "\xe2\x80\x8b"};
  for (const auto* name : bad) {
    EXPECT_EQ(post("/api/v1/tasks", R"({"taskName":)" + quoted(name) + "}").status, 422) << name;
    EXPECT_EQ(try_with(R"("tags":[)" + quoted(name) + "]").status, 422) << name;
    EXPECT_EQ(try_with(R"("labels":{)" + quoted(name) + R"(:"v"})").status, 422) << name;
  }
  for (const auto* queue : {"a b", "a/b", "é", ""}) {
    EXPECT_EQ(try_with(R"("queue":)" + quoted(queue)).status, 422) << queue;
  }
}

TEST_F(Submissions, ATaskShowsWhatItWasGiven) {
  const std::pair<std::string_view, std::string_view> given[] = {
      {"taskName", R"("n")"},
      {"payload", R"({"a":[1,2.50,null]})"},
      {"queue", R"("q")"},
      {"priority", "7"},
      {"scheduledFor", R"("2030-01-01T00:00:00.000Z")"},
      {"expiresAt", R"("2030-01-02T00:00:00.000Z")"},
      {"maxRetries", "4"},
      {"retry", R"({"maxAttempts":4,"backoff":"linear","initialMs":10,"maxMs":90,"jitter":0.5})"},
      {"timeoutMs", "1234"},
      {"callbackUrl", R"("http://example.com/done")"},
      {"tags", R"(["one","two"])"},
      {"labels", R"({"k":"v","empty":""})"}};
  std::string body = R"({"target":{"type":"worker"})";
  for (const auto& [name, value] : given) {
    body += "," + quoted(name);
    body.append(":").append(value);
  }
  const auto made = post("/api/v1/tasks", body + "}");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto shown = get("/api/v1/tasks/" + text(made, "taskId"));
  for (const auto& [name, value] : given) {
    EXPECT_EQ(raw(made, name), value);
    EXPECT_EQ(raw(shown, name), value);
  }
  const std::string targets[] = {
      R"({"type":"http","url":"http://example.com/x","method":"PUT","timeoutMs":500})",
      R"({"type":"echo","delayMs":20,"failTimes":3})", R"({"type":"worker"})"};
  for (const auto& target : targets) {
    const auto answer = post("/api/v1/tasks", R"({"taskName":"t","target":)" + target + "}");
    const auto stored = raw(get("/api/v1/tasks/" + text(answer, "taskId")), "target");
    for (const auto& member : json::Value(target).members()) {
      const auto same = json::Value(stored).find(member.key());
      EXPECT_EQ(same ? same->raw() : "absent", member.value.raw()) << stored;
    }
  }
}

TEST_F(Submissions, APriorityIsANumberOrAName) {
  for (const auto* good : {"1", "10", R"("LOW")"}) {
    EXPECT_EQ(try_with(std::string(R"("priority":)") + good).status, 201) << good;
  }
  for (const auto* bad : {R"("URGENT")", R"("low")", R"("")", "5.5", "true", "[]", R"("5")"}) {
    EXPECT_EQ(try_with(std::string(R"("priority":)") + bad).status, 422) << bad;
  }
}

TEST_F(Submissions, AForbiddenDestinationIsRefusedWhereverItStands) {
  const auto forbidden = [&](const http::Response& answer) {
    EXPECT_EQ(text(answer, "type"), "urn:belfry:problem:destination_forbidden") << answer.body;
  };
  const std::string metadata = R"("http://169.254.169.254/")";
  forbidden(try_with(R"("callbackUrl":)" + metadata));
  forbidden(
      post("/api/v1/tasks", R"({"taskName":"t","target":{"type":"http","url":)" + metadata + "}}"));
  forbidden(put("/api/v1/queues/q", R"({"defaultTarget":{"type":"http","url":)" + metadata + "}}"));
  forbidden(post("/api/v1/webhooks", R"({"url":)" + metadata + "}"));
  const auto two = try_with(R"("priority":0,"callbackUrl":)" + metadata);
  EXPECT_EQ(text(two, "type"), "urn:belfry:problem:validation_failed") << "not all that is wrong";
  for (const auto* url : {"example.com", "ftp://example.com/", "http://", "http://a b/"}) {
    EXPECT_EQ(try_with(R"("callbackUrl":)" + quoted(url)).status, 422) << url;
  }
}

TEST_F(Submissions, APayloadHasALimit) {
  const auto sized = [&](std::size_t bytes) {  // of the payload's JSON text
    return try_with(R"("payload":")" + std::string(bytes - 2, 'x') + "\"").status;
  };
  EXPECT_EQ(sized(domain::kPayloadBytesMax), 201);
  EXPECT_EQ(sized(domain::kPayloadBytesMax + 1), 413);
}

TEST_F(Submissions, ABulkHasALimit) {
  const auto many = [&](std::size_t count) {
    std::string body = "[";
    for (std::size_t i = 0; i < count; ++i) body += R"({"taskName":"t"},)";
    body.back() = ']';
    return post("/api/v1/tasks/bulk", body).status;
  };
  EXPECT_EQ(many(domain::kBulkTasksMax), 200);
  EXPECT_EQ(many(domain::kBulkTasksMax + 1), 422);
  const auto settle = [&](std::size_t count) {
    std::string body = "[";
    for (std::size_t i = 0; i < count; ++i) body += "{},";
    body.back() = ']';
    return post("/api/v1/leases/complete", body).status;
  };
  EXPECT_EQ(settle(domain::kBulkTasksMax), 200);
  EXPECT_EQ(settle(domain::kBulkTasksMax + 1), 422);
}

TEST_F(Submissions, AKeyStandsForOneRequest) {
  headers.set("Idempotency-Key", "k");
  const std::string one = R"({"taskName":"t"})", many = R"([{"taskName":"t"},{}])";
  const auto mismatch = [&](const std::string& path, const std::string& body) {
    EXPECT_EQ(text(post(path, body), "type"), "urn:belfry:problem:idempotency_mismatch") << body;
  };
  for (const auto& [path, body, other] :
       {std::tuple{std::string("/api/v1/tasks"), one, std::string(R"({"taskName":"u"})")},
        {std::string("/api/v1/tasks/bulk"), many, "[" + one + "]"}}) {
    headers.set("Idempotency-Key", path);
    const auto first = post(path, body);
    ASSERT_LT(first.status, 300) << first.body;
    EXPECT_EQ(first.headers.get("Idempotency-Replayed"), std::nullopt);
    const auto again = post(path, body);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.status, first.status);
    EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
    mismatch(path, other);
  }
  EXPECT_EQ(count(get("/api/v1/tasks")), 2U) << "each was made once";
}

TEST_F(Submissions, AKeyStandsForABodyThatWouldBeRefusedByNow) {
  headers.set("Idempotency-Key", "k");
  const auto body = [&](const std::string& name) {
    return R"({"taskName":)" + quoted(name) + R"(,"expiresAt":"2023-11-14T23:00:00Z"})";
  };
  const auto first = post("/api/v1/tasks", body("t"));
  ASSERT_EQ(first.status, 201) << first.body;
  clock.advance(std::chrono::hours{2});
  EXPECT_EQ(post("/api/v1/tasks", body("t")).body, first.body);
  EXPECT_EQ(post("/api/v1/tasks", body("u")).status, 422);
  headers.set("Idempotency-Key", "another");
  EXPECT_EQ(post("/api/v1/tasks", body("t")).status, 422);
}

TEST_F(Submissions, AKeyOutlivesItsTask) {
  headers.set("Idempotency-Key", "k");
  const std::string body = R"({"taskName":"t","target":{"type":"worker"},"delayMs":1000})";
  const auto first = post("/api/v1/tasks", body);
  ASSERT_EQ(first.status, 201);
  ASSERT_EQ(call(http::Method::delete_, "/api/v1/tasks/" + text(first, "taskId")).status, 200);
  clock.advance(std::chrono::hours{2});
  int gone = 0;
  ASSERT_TRUE(gateway.transact_blocking([&](store::Transaction& tx) -> Result<> {
    gone = tx.task_writes().prune_all_tenants(clock.now() - std::chrono::hours{1}, 10);
    return {};
  }));
  ASSERT_EQ(gone, 1);
  const auto again = post("/api/v1/tasks", body);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body) << "as of the time of the first";
  EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
  clock.advance(std::chrono::hours{22});
  EXPECT_NE(text(post("/api/v1/tasks", body), "taskId"), text(first, "taskId"));
}

}  // namespace
}  // namespace belfry::api
