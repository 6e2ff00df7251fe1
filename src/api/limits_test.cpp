// The limits of what a call takes, each at its two sides. The numbers are those of
// api/openapi.yaml, not those of domain/limits.hpp, so that none changes unnoticed.
#include "api/api_fixture.hpp"
#include "api/task_in.hpp"

namespace belfry::api {
namespace {

using Number = std::int64_t;

std::string repeated(std::string_view text, Number times) {
  std::string out;
  for (Number i = 0; i < times; ++i) out += text;
  return out;
}
// Text of so many characters, which are twice as many bytes.
std::string characters(Number count) {
  return repeated("é", count);
}
std::string text_json(Number count) {
  return '"' + characters(count) + '"';
}
std::string url_json(Number bytes) {
  constexpr std::string_view kStart = "http://example.com/";
  return '"' + std::string(kStart) + repeated("x", bytes - std::ssize(kStart)) + '"';
}
std::string nested(Number levels) {
  return repeated("[", levels) + repeated("]", levels);
}

class Limits : public ApiTest {
 protected:
  // Sends a call in which the value, or the length, of what is limited is the number.
  using Try = std::function<http::Response(Number)>;

  // Takes `least`, and refuses one less, for what the pointer names and for nothing else.
  void expect_least(const std::string& pointer, Number least, const Try& with) {
    EXPECT_EQ(outcome(with(least)), "taken") << pointer << " " << least;
    EXPECT_EQ(outcome(with(least - 1)), pointer) << least - 1;
  }
  void expect_most(const std::string& pointer, Number most, const Try& with) {
    EXPECT_EQ(outcome(with(most)), "taken") << pointer << " " << most;
    EXPECT_EQ(outcome(with(most + 1)), pointer) << most + 1;
  }
  void expect_range(const std::string& pointer, Number least, Number most, const Try& with) {
    expect_least(pointer, least, with);
    expect_most(pointer, most, with);
  }

  // The call of a task that has these members beside its name and target.
  http::Response task(const std::string& members) {
    clock.advance(Millis{1'000});
    return post("/api/v1/tasks", R"({"taskName":"t","target":{"type":"worker"},)" + members + "}");
  }
  http::Response task_to(const std::string& target) {
    return post("/api/v1/tasks", R"({"taskName":"t","target":)" + target + "}");
  }
  http::Response http_target(const std::string& members) {
    return task_to(R"({"type":"http","url":"http://example.com/",)" + members + "}");
  }
  static std::string in_ms(Timestamp now, Number ms) {
    return quoted(format_time(now + Millis{ms}));
  }
  // An answer that comes after the body was read and found good.
  static http::Response past(http::Response answer, int status) {
    if (answer.status == status) answer.status = 200;
    return answer;
  }

 private:
  static std::string outcome(const http::Response& answer) {
    if (answer.status < 300) return "taken";
    if (answer.status != 422 && answer.status != 400) return answer.body;
    std::string pointers;
    const json::Value body(answer.body);
    const auto errors = body.find("errors");
    if (!errors) return answer.body;
    for (const auto& error : errors->elements()) {
      pointers += (pointers.empty() ? "" : " ") + *error.find("pointer")->string();
    }
    return pointers;
  }
};

TEST_F(Limits, OfATasksOwnMembers) {
  expect_range("/taskName", 1, 256, [&](Number n) {
    return post("/api/v1/tasks", R"({"taskName":)" + text_json(n) + "}");
  });
  expect_range("/queue", 1, 128,
               [&](Number n) { return task(R"("queue":")" + repeated("q", n) + '"'); });
  const auto number = [&](const std::string& name) {
    return [this, name](Number n) { return task(quoted(name) + ":" + std::to_string(n)); };
  };
  expect_range("/priority", 1, 10, number("priority"));
  expect_range("/delayMs", 0, 7'305LL * 24 * 3'600'000, number("delayMs"));
  expect_range("/maxRetries", 1, 100, number("maxRetries"));
  expect_range("/timeoutMs", 100, 24 * 3'600'000, number("timeoutMs"));
  expect_most("/callbackUrl", 2'048,
              [&](Number n) { return task(R"("callbackUrl":)" + url_json(n)); });
}

TEST_F(Limits, OfATasksTimes) {
  const auto soon = [&](Number ms) { return in_ms(clock.now() + Millis{1'000}, ms); };
  expect_most("/scheduledFor", 7'305LL * 24 * 3'600'000,
              [&](Number n) { return task(R"("scheduledFor":)" + soon(n)); });
  expect_least("/expiresAt", 1, [&](Number n) { return task(R"("expiresAt":)" + soon(n)); });
  expect_least("/expiresAt", 5'001, [&](Number n) {
    return task(R"("scheduledFor":)" + soon(5'000) + R"(,"expiresAt":)" + soon(n));
  });
  expect_least("/expiresAt", 5'001,
               [&](Number n) { return task(R"("delayMs":5000,"expiresAt":)" + soon(n)); });
}

TEST_F(Limits, OfTagsAndLabels) {
  const auto name = [](std::size_t i) { return quoted("n" + std::to_string(i)); };
  expect_most("/tags", 16, [&](Number n) { return task(R"("tags":)" + json_array(n, name)); });
  expect_range("/tags", 1, 64, [&](Number n) { return task(R"("tags":[)" + text_json(n) + "]"); });
  const auto labels = [&](Number count) {
    auto members = json_array(count, [&](std::size_t i) { return name(i) + R"(:"v")"; });
    members.front() = '{', members.back() = '}';
    return task(R"("labels":)" + members);
  };
  expect_most("/labels", 16, labels);
  expect_range("/labels", 1, 64,
               [&](Number n) { return task(R"("labels":{)" + text_json(n) + R"(:"v"})"); });
  expect_most("/labels", 256,
              [&](Number n) { return task(R"("labels":{"k":)" + text_json(n) + "}"); });
  EXPECT_EQ(task(R"("labels":{"k":""})").status, 201);
  EXPECT_EQ(task(R"("tags":["same","same"])").status, 422);
}

TEST_F(Limits, OfARetryPolicy) {
  const auto retry = [&](const std::string& members) {
    return task(R"("retry":{)" + members + "}");
  };
  expect_range("/retry/maxAttempts", 1, 100,
               [&](Number n) { return retry(R"("maxAttempts":)" + std::to_string(n)); });
  expect_range("/retry/initialMs", 0, 24 * 3'600'000, [&](Number n) {
    return retry(R"("maxMs":86400000,"initialMs":)" + std::to_string(n));
  });
  expect_most("/retry/initialMs", 500,
              [&](Number n) { return retry(R"("maxMs":500,"initialMs":)" + std::to_string(n)); });
  expect_range("/retry/maxMs", 0, 24 * 3'600'000,
               [&](Number n) { return retry(R"("maxMs":)" + std::to_string(n)); });
  // In thousandths.
  expect_range("/retry/jitter", 0, 1'000,
               [&](Number n) { return retry(R"("jitter":)" + std::to_string(n) + "e-3"); });
}

TEST_F(Limits, OfATarget) {
  expect_most("/target/url", 2'048,
              [&](Number n) { return task_to(R"({"type":"http","url":)" + url_json(n) + "}"); });
  expect_range("/target/timeoutMs", 100, 24 * 3'600'000,
               [&](Number n) { return http_target(R"("timeoutMs":)" + std::to_string(n)); });
  const auto header = [](std::size_t i) { return quoted("h" + std::to_string(i)) + R"(:"v")"; };
  expect_most("/target/headers", 32, [&](Number n) {
    auto members = json_array(n, header);
    members.front() = '{', members.back() = '}';
    return http_target(R"("headers":)" + members);
  });
  // Names and values together.
  expect_most("/target/headers", 4'096, [&](Number n) {
    return http_target(R"("headers":{"ab":"c","de":")" + repeated("x", n - 5) + R"("})");
  });
  expect_most("/target/headers", 4'096, [&](Number n) {
    return http_target(R"("headers":{")" + repeated("x", n - 1) + R"(":"v"})");
  });
  const auto echo = [&](const std::string& name) {
    return [this, name](Number n) {
      return task_to(R"({"type":"echo",)" + quoted(name) + ":" + std::to_string(n) + "}");
    };
  };
  expect_range("/target/delayMs", 0, 3'600'000, echo("delayMs"));
  expect_range("/target/failTimes", 0, 100, echo("failTimes"));
}

TEST_F(Limits, OfNesting) {
  const auto with = [](Number levels) {
    return R"({"taskName":"t","payload":)" + nested(levels) + "}";
  };
  // The object around it is one level too.
  EXPECT_EQ(post("/api/v1/tasks", with(31)).status, 201);
  EXPECT_EQ(text(post("/api/v1/tasks", with(32)), "type"), "urn:belfry:problem:json_too_deep");
  const auto bulk = post("/api/v1/tasks/bulk", "[" + with(31) + "," + with(32) + "]");
  ASSERT_EQ(bulk.status, 200) << bulk.body;
  std::vector<std::string> statuses;
  const json::Value body(bulk.body);
  for (const auto& item : body.find("results")->elements()) {
    statuses.emplace_back(item.find("status")->raw());
  }
  EXPECT_EQ(statuses, (std::vector<std::string>{"201", "400"})) << "the array does not count";
}

TEST_F(Limits, OfAQueuesSettings) {
  const auto number = [&](const std::string& name) {
    return [this, name](Number n) {
      return put("/api/v1/queues/q", "{" + quoted(name) + ":" + std::to_string(n) + "}");
    };
  };
  expect_range("/concurrencyLimit", 1, 100'000, number("concurrencyLimit"));
  expect_range("/timeoutMs", 100, 24 * 3'600'000, number("timeoutMs"));
  expect_range("/agingMs", 1'000, 24 * 3'600'000, number("agingMs"));
  expect_range("/retry/maxAttempts", 1, 100, [&](Number n) {
    return put("/api/v1/queues/q", R"({"retry":{"maxAttempts":)" + std::to_string(n) + "}}");
  });
  expect_range("/defaultTarget/delayMs", 0, 3'600'000, [&](Number n) {
    return put("/api/v1/queues/q",
               R"({"defaultTarget":{"type":"echo","delayMs":)" + std::to_string(n) + "}}");
  });
  expect_most("/reason", 256, [&](Number n) {
    return post("/api/v1/queues/q/pause", R"({"reason":)" + text_json(n) + "}");
  });
  EXPECT_EQ(put("/api/v1/queues/" + repeated("q", 128), "{}").status, 200);
  EXPECT_EQ(put("/api/v1/queues/" + repeated("q", 129), "{}").status, 404);
}

TEST_F(Limits, OfALease) {
  const auto lease_with = [&](const std::string& members) {
    submit();  // so that none waits
    return post("/api/v1/leases", "{" + members + "}");
  };
  const auto queue = [](std::size_t i) { return quoted("q" + std::to_string(i)); };
  expect_range("/queues", 1, 32,
               [&](Number n) { return lease_with(R"("queues":)" + json_array(n, queue)); });
  expect_range("/queues", 1, 128,
               [&](Number n) { return lease_with(R"("queues":[")" + repeated("q", n) + R"("])"); });
  const auto number = [&](const std::string& name) {
    return [&, name](Number n) { return lease_with(quoted(name) + ":" + std::to_string(n)); };
  };
  expect_range("/max", 1, 1'000, number("max"));
  expect_range("/waitMs", 0, 20'000, number("waitMs"));
  expect_range("/leaseMs", 1'000, 3'600'000, number("leaseMs"));
  expect_most("/worker", 128, [&](Number n) { return lease_with(R"("worker":)" + text_json(n)); });
}

TEST_F(Limits, OfWhatAWorkerSendsWithItsTask) {
  const auto path = "/api/v1/tasks/" + submit();
  const auto good = R"({"leaseToken":)" + quoted(lease());
  expect_range("/extendMs", 1'000, 3'600'000, [&](Number n) {
    return post(path + "/heartbeat", good + R"(,"extendMs":)" + std::to_string(n) + "}");
  });
  for (const auto* verb : {"/heartbeat", "/complete", "/fail"}) {
    expect_most("/leaseToken", 64, [&](Number n) {
      return past(post(path + verb, R"({"leaseToken":)" + text_json(n) + "}"), 409);
    });
  }
}

TEST_F(Limits, OfAFilterAndOfIds) {
  for (const auto* verb : {"cancel", "retry"}) {
    const auto steer = [&](const std::string& members) {
      return post(std::string("/api/v1/tasks/") + verb, "{" + members + R"(,"dryRun":true})");
    };
    const auto name = [](std::size_t i) { return quoted("n" + std::to_string(i)); };
    expect_range("/taskIds", 1, 1'000,
                 [&](Number n) { return steer(R"("taskIds":)" + json_array(n, name)); });
    expect_most("/taskIds", 64,
                [&](Number n) { return steer(R"("taskIds":[)" + text_json(n) + "]"); });
    expect_range("/limit", 1, 1'000, [&](Number n) {
      return steer(R"("filter":{"text":"t"},"limit":)" + std::to_string(n));
    });
    expect_most("/filter/text", 256,
                [&](Number n) { return steer(R"("filter":{"text":)" + text_json(n) + "}"); });
    for (const std::string list : {"queue", "type", "tag"}) {
      expect_most("/filter/" + list, 32, [&](Number n) {
        return steer(R"("filter":{)" + quoted(list) + ":" + json_array(n, name) + "}");
      });
    }
  }
}

TEST_F(Limits, OfAQuery) {
  for (const auto* path : {"/api/v1/tasks", "/api/v1/tasks/upcoming", "/api/v1/webhooks/deliveries",
                           "/api/v1/admin/tenants"}) {
    expect_range("limit", 1, 500,
                 [&](Number n) { return get(std::string(path) + "?limit=" + std::to_string(n)); });
  }
  const auto encoded = [](Number count) { return repeated("%C3%A9", count); };
  expect_most("text", 256, [&](Number n) { return get("/api/v1/tasks?text=" + encoded(n)); });
  expect_most("text", 128,
              [&](Number n) { return get("/api/v1/admin/tenants?text=" + encoded(n)); });
  for (const std::string list : {"queue", "type", "tag"}) {
    const auto path = "/api/v1/tasks?" + list + "=";
    expect_most(list, 32, [&](Number n) { return get(path + "v" + repeated(",v", n - 1)); });
    expect_most(list, 1'024, [&](Number n) { return get(path + encoded(n)); });
  }
}

TEST_F(Limits, OfWebhooksAndKeys) {
  expect_most("/url", 2'048,
              [&](Number n) { return post("/api/v1/webhooks", R"({"url":)" + url_json(n) + "}"); });
  const auto hook = "/api/v1/webhooks/" +
                    text(post("/api/v1/webhooks", R"({"url":"http://example.com/"})"), "id");
  expect_most("/description", 256, [&](Number n) {
    return call(http::Method::patch, hook, R"({"description":)" + text_json(n) + "}");
  });
  caller.scopes = auth::Scopes::all_of_tenant();
  expect_range("/name", 1, 128, [&](Number n) {
    return post("/api/v1/api-keys", R"({"name":)" + text_json(n) + "}");
  });
}

TEST_F(Limits, OfWhatAnOperatorSets) {
  const auto path = "/api/v1/admin/tenants/" + to_string(tenant);
  const auto number = [&](const std::string& name) {
    return [&, name](Number n) {
      return call(http::Method::patch, path + "/limits",
                  "{" + quoted(name) + ":" + std::to_string(n) + "}");
    };
  };
  expect_range("/runningMax", 1, 1'000'000, number("runningMax"));
  expect_range("/weight", 1, 1'000, number("weight"));
  expect_range("/unfinishedMax", 0, 1'000'000'000, number("unfinishedMax"));
  expect_range("/storedBytesMax", 0, Number{1} << 50, number("storedBytesMax"));
  expect_range("/requestsPerSecond", 0, 1'000'000, number("requestsPerSecond"));
  expect_most("/reason", 256, [&](Number n) {
    return post(path + "/suspend", R"({"reason":)" + text_json(n) + "}");
  });
  expect_range("/kid", 1, 128, [&](Number n) {
    return past(post("/api/v1/admin/signing-keys/revoke", R"({"kid":)" + text_json(n) + "}"), 404);
  });
}

TEST_F(Limits, OfWhatStrangersSend) {
  expect_range("/tenantName", 1, 128, [&](Number n) {
    return post("/api/v1/auth/register", R"({"tenantName":)" + text_json(n) + "}");
  });
  expect_most("/invitation", 256, [&](Number n) {
    return post("/api/v1/auth/register", R"({"tenantName":"n","invitation":)" + text_json(n) + "}");
  });
  expect_range("/apiKey", 1, 256, [&](Number n) {
    return past(post("/api/v1/auth/token", R"({"apiKey":)" + text_json(n) + "}"), 401);
  });
  expect_range("/token", 1, 8'192, [&](Number n) {
    return post("/api/v1/auth/revoke", R"({"token":)" + text_json(n) + "}");
  });
}

TEST_F(Limits, OfBodiesByTheirPath) {
  const App app(services);
  const auto most = [&](std::string_view path) { return app.body_limit(http::Method::post, path); };
  for (const auto* path : {"/api/v1/auth/register", "/api/v1/auth/token", "/api/v1/auth/revoke"}) {
    EXPECT_EQ(most(path), 16U * 1024) << path;
  }
  for (const auto* path : {"/api/v1/tasks", "/api/v1/tasks/cancel", "/api/v1/tasks/i/heartbeat",
                           "/api/v1/leases", "/api/v1/queues/q", "/api/v1/webhooks"}) {
    EXPECT_EQ(most(path), 1024U * 1024) << path;
  }
  for (const auto* path : {"/api/v1/tasks/bulk", "/api/v1/leases/complete",
                           "/api/v1/tasks/i/complete", "/api/v1/tasks/i/fail"}) {
    EXPECT_EQ(most(path), 16U * 1024 * 1024) << path;
  }
}

// What a worker reports is cut, and never refused.
class Reports : public Limits {
 protected:
  // What the warnings call it that a report was not kept as it is; empty: it was.
  std::string warning(const std::string& verb, const std::string& members) {
    const auto path = "/api/v1/tasks/" + submit();
    const auto answer = post(path + verb, R"({"leaseToken":)" + quoted(lease()) + members + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto warnings = json::Value(answer.body).find("warnings");
    std::string codes;
    if (!warnings) return codes;
    for (const auto& one : warnings->elements()) codes += *one.find("code")->string();
    return codes;
  }
  void expect_kept_up_to(Number most, const std::string& code,
                         const std::function<std::string(Number)>& with) {
    EXPECT_EQ(with(most), "") << most;
    EXPECT_EQ(with(most + 1), code) << most + 1;
  }
};

TEST_F(Reports, AreCutToTheirLimits) {
  expect_kept_up_to(256, "cut", [&](Number n) {
    return warning("/heartbeat", R"(,"progress":{"text":)" + text_json(n) + "}");
  });
  expect_kept_up_to(2'048, "cut", [&](Number n) {
    return warning("/heartbeat", R"(,"logs":[)" + text_json(n) + "]");
  });
  expect_kept_up_to(100, "cut", [&](Number n) {
    return warning("/heartbeat", R"(,"logs":)" + json_array(n, [](auto) { return R"("line")"; }));
  });
  expect_kept_up_to(4'096, "cut", [&](Number n) {
    return warning("/fail", R"(,"errorMessage":")" + repeated("x", n) + '"');
  });
  expect_kept_up_to(64 * 1024, "cut", [&](Number n) {
    return warning("/complete", R"(,"result":")" + repeated("x", n - 2) + '"');
  });
  expect_kept_up_to(31, "taken_as_text",
                    [&](Number n) { return warning("/complete", R"(,"result":)" + nested(n)); });
}

TEST_F(Reports, HaveAPercentageFrom0To100) {
  const auto percent = [&](Number n) {
    return warning("/heartbeat", R"(,"progress":{"percent":)" + std::to_string(n) + "}");
  };
  EXPECT_EQ(percent(0), "");
  EXPECT_EQ(percent(-1), "number_adjusted");
  EXPECT_EQ(percent(100), "");
  EXPECT_EQ(percent(101), "number_adjusted");
}

TEST(Traces, AreDroppedBeyondTheirLimits) {
  const auto kept = [](const std::string& state) {
    http::Request request;
    request.headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    request.headers.add("tracestate", state);
    const auto trace = read_trace(request);
    EXPECT_FALSE(trace.parent.empty());
    return trace.state == state;
  };
  EXPECT_TRUE(kept("k=" + repeated("v", 510)));
  EXPECT_FALSE(kept("k=" + repeated("v", 511)));
  EXPECT_TRUE(kept("k=v" + repeated(",k=v", 31)));
  EXPECT_FALSE(kept("k=v" + repeated(",k=v", 32)));
}

TEST(OpenCalls, AreLimitedInAllAndPerTenant) {
  ManualClock clock;
  Random random{secure_seed()};
  IdGenerator ids(clock, random);
  const auto a = ids.make<TenantId>(), b = ids.make<TenantId>();
  LongCalls calls({.total = 3, .per_tenant = 2});
  std::vector<LongCalls::Place> places{*calls.enter(a), *calls.enter(a)};
  EXPECT_EQ(calls.enter(a).error().code, ErrorCode::rate_limited);
  places.push_back(*calls.enter(b));
  EXPECT_EQ(calls.enter(b).error().code, ErrorCode::rate_limited) << "the total";
  places.erase(places.begin());
  EXPECT_TRUE(calls.enter(b)) << "given back";
  EXPECT_TRUE(calls.enter(a));
  places.clear();
  for (const auto& tenant : {a, b, a}) places.push_back(*calls.enter(tenant));
  EXPECT_FALSE(calls.enter(b));
}

}  // namespace
}  // namespace belfry::api
