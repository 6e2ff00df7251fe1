// What lists answer page by page, and which questions they take.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Lists : public ApiTest {
 protected:
  static std::vector<std::string> ids_of(const http::Response& answer, std::string_view key) {
    std::vector<std::string> ids;
    for (const auto& one : json::Value(answer.body).elements()) {
      ids.push_back(*one.find(key)->string());
    }
    return ids;
  }
  // Where the answer's Link leads; empty on the last page.
  static std::string next_of(const http::Response& answer) {
    const auto link = answer.headers.get("Link");
    if (!link) return "";
    EXPECT_TRUE(link->starts_with('<') && link->ends_with(R"(>; rel="next")")) << *link;
    return std::string(link->substr(1, link->find('>') - 1));
  }
  // Each size of page leads through all that one page shows, in its order.
  void expect_pages(const std::string& path, std::string_view key, std::size_t all) {
    const auto whole = ids_of(get(path), key);
    EXPECT_EQ(whole.size(), all) << path;
    const auto separator = path.find('?') == std::string::npos ? "?" : "&";
    for (std::size_t size = 1; size <= all + 1; ++size) {
      std::vector<std::string> read;
      std::size_t pages = 0;
      auto next = path + separator + "limit=" + std::to_string(size);
      for (; !next.empty() && pages <= all + 1; ++pages) {
        const auto page = get(next);
        ASSERT_EQ(page.status, 200) << page.body;
        const auto ids = ids_of(page, key);
        EXPECT_LE(ids.size(), size);
        read.insert(read.end(), ids.begin(), ids.end());
        next = next_of(page);
      }
      EXPECT_EQ(read, whole) << path << " by " << size;
      EXPECT_GE(pages, (all + size - 1) / size);
      EXPECT_TRUE(next.empty()) << "it ends";
    }
  }
};

TEST_F(Lists, PagesHoldEverythingOnce) {
  ASSERT_EQ(post("/api/v1/webhooks", R"({"url":"http://example.com/"})").status, 201);
  for (int i = 0; i < 5; ++i) {
    clock.advance(Millis{1});
    submit(R"({"taskName":"t","tags":["a,b","c"],"target":{"type":"worker"}})");
    add_tenant();
  }
  expect_pages("/api/v1/tasks", "taskId", 5);
  expect_pages("/api/v1/tasks?view=summary&tag=a%2Cb&status=PENDING,RUNNING", "taskId", 5);
  expect_pages("/api/v1/webhooks/deliveries", "id", 5);
  expect_pages("/api/v1/webhooks/deliveries?state=WAITING", "id", 5);
  expect_pages("/api/v1/admin/tenants", "tenantId", 6);
  expect_pages("/api/v1/admin/tenants?text=tenant", "tenantId", 6);
}

TEST_F(Lists, AFilterShowsWhatItNames) {
  ASSERT_EQ(post("/api/v1/webhooks", R"({"url":"http://example.com/"})").status, 201);
  const auto a =
      submit(R"({"taskName":"alpha","queue":"qa","tags":["ta"],"target":{"type":"worker"}})");
  const auto b = submit(
      R"({"taskName":"b","queue":"qb","tags":["tb"],"delayMs":1000,"target":{"type":"worker"}})");
  const auto tasks = [&](const std::string& query) {
    return ids_of(get("/api/v1/tasks?" + query), "taskId");
  };
  using Ids = std::vector<std::string>;
  for (const auto* only_a : {"type=alpha", "queue=qa", "tag=ta", "status=PENDING", "text=LPH"}) {
    EXPECT_EQ(tasks(only_a), Ids{a}) << only_a;
  }
  for (const auto* both :
       {"type=alpha,b", "queue=qa&queue=qb", "tag=ta,tb", "status=PENDING,SCHEDULED", ""}) {
    EXPECT_EQ(tasks(both), (Ids{b, a})) << both;
  }
  EXPECT_EQ(tasks("type=alpha&queue=qb"), Ids{});
  EXPECT_EQ(ids_of(get("/api/v1/webhooks/deliveries?taskId=" + a), "taskId"), Ids{a});
  EXPECT_EQ(count(get("/api/v1/webhooks/deliveries?state=DELIVERED")), 0U);
  EXPECT_EQ(ids_of(get("/api/v1/tasks/upcoming"), "taskId"), Ids{b});
  const auto other = to_string(add_tenant());
  EXPECT_EQ(ids_of(get("/api/v1/admin/tenants?text=" + other), "tenantId"), Ids{other});
  EXPECT_EQ(count(get("/api/v1/admin/tenants?text=nobody")), 0U);
}

TEST_F(Lists, AQuestionThatIsNotUnderstoodIsRefused) {
  std::vector<std::string_view> asked;
  for (const auto& route : routes) {
    if (route.takes.query != Takes::Query::parameters) continue;
    asked.push_back(route.pattern);
    const std::string path(route.pattern);
    for (const auto* query :
         {"what=1", "limit=1&limit=1", "range=1h&range=1h", "limit=%FF", "text=%zz"}) {
      const auto answer = get(path + "?" + query);
      EXPECT_EQ(text(answer, "type"), "urn:belfry:problem:invalid_query") << path << query;
    }
  }
  EXPECT_GE(asked.size(), 7U);
  for (const auto* query : {"limit=", "limit=1x", "limit=x", "limit=1.0", "status=BLOCKED",
                            "status=GONE", "view=all", "createdFrom=today", "cursor=x"}) {
    EXPECT_EQ(get(std::string("/api/v1/tasks?") + query).status, 400) << query;
  }
  for (const auto* query : {"state=GONE", "endpointId=x", "taskId=x", "cursor=x"}) {
    EXPECT_EQ(get(std::string("/api/v1/webhooks/deliveries?") + query).status, 400) << query;
  }
}

class Bulks : public ApiTest {
 protected:
  http::Response lines(const std::string& path, const std::string& body) {
    headers.set("Content-Type", "application/x-ndjson");
    auto answer = post(path, body);
    headers = {};
    return answer;
  }
  static std::string statuses(const http::Response& answer) {
    std::string all;
    const json::Value body(answer.body);
    const auto results = body.find("results");
    if (!results) return "refused";
    for (const auto& one : results->elements()) {
      all += (all.empty() ? "" : " ") + std::string(one.find("status")->raw());
    }
    return all;
  }
};

TEST_F(Bulks, EachItemHasItsOwnResult) {
  const std::string good = R"({"taskName":"t"})", bad = R"({"taskName":""})";
  EXPECT_EQ(statuses(post("/api/v1/tasks/bulk", "[" + good + "," + bad + "," + good + "]")),
            "201 422 201");
  EXPECT_EQ(statuses(lines("/api/v1/tasks/bulk", good + "\n" + bad + "\r\n \n\n" + good)),
            "201 422 201")
      << "blank lines are no items";
  EXPECT_EQ(statuses(lines("/api/v1/tasks/bulk", good + "\n{\n")), "201 400");
  EXPECT_EQ(count(get("/api/v1/tasks")), 5U);
  for (const auto* nothing : {"", " ", "{}", "[]", "[", "1"}) {
    EXPECT_EQ(statuses(post("/api/v1/tasks/bulk", nothing)), "refused") << nothing;
    EXPECT_EQ(statuses(post("/api/v1/leases/complete", nothing)), "refused") << nothing;
  }
  EXPECT_EQ(statuses(lines("/api/v1/tasks/bulk", "\n \n")), "refused");
}

TEST_F(Bulks, LinesAreLimitedToo) {
  for (const auto* path : {"/api/v1/tasks/bulk", "/api/v1/leases/complete"}) {
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += "{}\n\n";
    EXPECT_EQ(lines(path, many).status, 200) << path;
    EXPECT_EQ(lines(path, many + "{}").status, 422) << path;
  }
}

TEST_F(Bulks, SeveralAnswersAreEachTaken) {
  const std::string ids[] = {submit(), submit(), submit(), submit()};
  std::string items;
  for (int i = 0; i < 4; ++i) {
    // Leased one by one, the oldest first.
    items += R"({"taskId":)" + quoted(ids[i]) + R"(,"leaseToken":)" + quoted(lease());
    items += i == 0   ? R"(,"result":{"n":1}},)"
             : i == 1 ? R"(,"errorMessage":"no","retryable":false},)"
             : i == 2 ? R"(,"errorMessage":"later"},)"
                      : R"(,"result":1,"errorMessage":"both"},)";
  }
  items.pop_back();
  EXPECT_EQ(statuses(post("/api/v1/leases/complete", "[" + items + "]")), "200 200 200 422");
  const char* expected[] = {"COMPLETED", "FAILED", "SCHEDULED", "RUNNING"};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(text(get("/api/v1/tasks/" + ids[i]), "status"), expected[i]) << i;
  }
  EXPECT_EQ(raw(get("/api/v1/tasks/" + ids[0]), "result"), R"({"n":1})");
  EXPECT_EQ(text(get("/api/v1/tasks/" + ids[1]), "errorMessage"), "no");
  EXPECT_EQ(statuses(post("/api/v1/leases/complete", "[" + items + "]")), "409 409 409 422")
      << "an answer is taken once";
}

}  // namespace
}  // namespace belfry::api
