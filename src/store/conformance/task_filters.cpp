#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, FiltersPickByQueueNameAndTag) {
  const auto tenant = bed.add_tenant();
  const auto submit = [&](const std::string& queue, const std::string& name,
                          std::vector<std::string> tags) {
    auto task = bed.a_task(tenant, queue);
    task.name = name;
    task.options.tags = std::move(tags);
    return bed.submit(task);
  };
  const auto a = submit("a", "mail", {"red"});
  const auto b = submit("b", "mail", {"red", "blue"});
  const auto c = submit("b", "bill", {});
  const auto query = [&](const TaskFilter& filter) {
    std::vector<TaskId> ids;
    const auto page =
        bed.read([&](Snapshot& s) { return s.tasks().query(tenant, filter, {}, 10, true); });
    for (const auto& row : page.tasks) ids.push_back(row.id);
    return ids;
  };
  const auto with = [](std::vector<std::string> queues, std::vector<std::string> names,
                       std::vector<std::string> tags, std::vector<Status> statuses = {}) {
    TaskFilter filter;
    filter.queues = std::move(queues);
    filter.names = std::move(names);
    filter.tags = std::move(tags);
    filter.statuses = std::move(statuses);
    return filter;
  };
  EXPECT_EQ(query(with({"a"}, {}, {})), std::vector{a});
  EXPECT_EQ(query(with({"a", "b", "c"}, {}, {})), (std::vector{c, b, a}));
  EXPECT_TRUE(query(with({"c"}, {}, {})).empty());
  EXPECT_EQ(query(with({}, {"mail"}, {})), (std::vector{b, a}));
  EXPECT_EQ(query(with({}, {}, {"blue"})), std::vector{b});
  EXPECT_EQ(query(with({}, {}, {"blue", "red"})), (std::vector{b, a})) << "any of them";
  EXPECT_EQ(query(with({"b"}, {"mail"}, {})), std::vector{b});
  EXPECT_EQ(query(with({"b"}, {}, {"red"}, {Status::pending})), std::vector{b});
  EXPECT_TRUE(query(with({"b"}, {}, {}, {Status::failed})).empty());
}

TEST_P(StoreConformance, FiltersPickByTimes) {
  const auto tenant = bed.add_tenant();
  const auto start = bed.now();
  std::vector<TaskId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(bed.submit(tenant));
    bed.finish(bed.claim_one(tenant));
    bed.advance(Millis{1'000});
  }
  const auto query = [&](const TaskFilter& filter) {
    return bed.read([&](Snapshot& s) { return s.tasks().query(tenant, filter, {}, 10, true); })
        .tasks.size();
  };
  TaskFilter created;
  created.created_from = start + Millis{1'000};
  EXPECT_EQ(query(created), 3U) << "from is inclusive";
  created.created_to = start + Millis{3'000};
  EXPECT_EQ(query(created), 2U) << "to is exclusive";
  TaskFilter finished;
  finished.finished_from = start + Millis{1'000};
  EXPECT_EQ(query(finished), 3U);
  finished.finished_to = start + Millis{2'000};
  EXPECT_EQ(query(finished), 1U);
  TaskFilter nonsense;
  nonsense.created_from = start + Millis{10};
  nonsense.created_to = start;
  EXPECT_EQ(query(nonsense), 0U);
  bed.submit(tenant);
  finished = {};
  finished.finished_from = start;
  EXPECT_EQ(query(finished), 4U) << "an unfinished one has not finished at any time";
}

TEST_P(StoreConformance, TextIsLookedForInIdNamePayloadAndError) {
  const auto tenant = bed.add_tenant();
  auto by_payload = bed.a_task(tenant);
  by_payload.payload = R"({"note":"Hello World"})";
  bed.submit(by_payload);
  auto by_name = bed.a_task(tenant);
  by_name.name = "World-Tour";
  bed.submit(by_name);
  bed.submit(bed.a_task(tenant, "other"));
  const auto failed = bed.claim_one(tenant, "other");
  auto finish = bed.a_finish(failed, Verdict::retry);
  finish.error = "the WORLD ended";
  ASSERT_EQ(outcome(bed.ask(finish)), "ok");
  const auto query = [&](const std::string& text) {
    TaskFilter filter;
    filter.text = text;
    std::vector<TaskId> ids;
    const auto page =
        bed.read([&](Snapshot& s) { return s.tasks().query(tenant, filter, {}, 10, true); });
    for (const auto& row : page.tasks) ids.push_back(row.id);
    return ids;
  };
  EXPECT_EQ(query("world"), (std::vector{failed.id, by_name.id, by_payload.id}));
  EXPECT_EQ(query("HELLO"), std::vector{by_payload.id});
  EXPECT_EQ(query(to_string(by_name.id)), std::vector{by_name.id});
  EXPECT_TRUE(query("100%").empty());
  auto escaped = bed.a_task(tenant);
  escaped.payload = R"({"note":"Gr\u00fc\u00dfe"})";
  bed.submit(escaped);
  for (const auto* text : {"Grüße", "GRÜSSE", "grüße\"}"}) {
    EXPECT_EQ(query(text), std::vector{escaped.id}) << text;
  }
  EXPECT_TRUE(query("' OR 1=1 --").empty());
  bed.finish(bed.claim_one(tenant, "other"), Verdict::failed);
  EXPECT_EQ(query("it broke"), std::vector{failed.id}) << "the newest attempt's";
}

}  // namespace
}  // namespace belfry::store::conformance
