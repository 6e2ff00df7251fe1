#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

class Pages {
 public:
  Pages(Bed& bed, TenantId tenant) : bed_(bed), tenant_(tenant) {}

  // Walks every page of `limit` and gives the ids in order.
  std::vector<TaskId> walk(const TaskFilter& filter, int limit) {
    std::vector<TaskId> ids;
    std::optional<TaskId> before;
    for (int page_no = 0; page_no < 1'000; ++page_no) {
      const auto page = bed_.read(
          [&](Snapshot& s) { return s.tasks().query(tenant_, filter, before, limit, true); });
      EXPECT_LE(page.tasks.size(), static_cast<std::size_t>(limit));
      for (const auto& row : page.tasks) ids.push_back(row.id);
      if (!page.next) return ids;
      before = page.next;
    }
    ADD_FAILURE() << "the walk does not end";
    return ids;
  }

 private:
  Bed& bed_;
  TenantId tenant_;
};

TEST_P(StoreConformance, PagesGoNewestFirstWithoutGapOrRepetition) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> ids;
  for (int i = 0; i < 23; ++i) {
    ids.push_back(bed.submit(tenant));
    if (i % 3 == 0) bed.advance(Millis{1});
  }
  std::ranges::reverse(ids);
  Pages pages(bed, tenant);
  for (const int limit : {1, 5, 22, 23, 24}) EXPECT_EQ(pages.walk({}, limit), ids);
}

TEST_P(StoreConformance, TheLastFullPageHasNoNext) {
  const auto tenant = bed.add_tenant();
  for (int i = 0; i < 4; ++i) bed.submit(tenant);
  const auto query = [&](int limit) {
    return bed.read([&](Snapshot& s) { return s.tasks().query(tenant, {}, {}, limit, true); });
  };
  EXPECT_TRUE(query(3).next);
  EXPECT_FALSE(query(4).next);
  EXPECT_TRUE(query(0).tasks.empty());
}

TEST_P(StoreConformance, ACursorSurvivesWhatComesAndGoes) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(bed.submit(tenant));
  const auto first =
      bed.read([&](Snapshot& s) { return s.tasks().query(tenant, {}, {}, 3, true); });
  ASSERT_TRUE(first.next);
  bed.submit(tenant);
  bed.finish(bed.claim_one(tenant));
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, ids[3]))), "ok");
  const auto second =
      bed.read([&](Snapshot& s) { return s.tasks().query(tenant, {}, first.next, 3, true); });
  ASSERT_EQ(second.tasks.size(), 3U);
  EXPECT_EQ(second.tasks[0].id, ids[2]);
  EXPECT_FALSE(second.next);
}

TEST_P(StoreConformance, SummariesLeaveOutWhatIsLarge) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  bed.finish(bed.claim_one(tenant));
  const auto query = [&](bool summary) {
    return bed.read([&](Snapshot& s) { return s.tasks().query(tenant, {}, {}, 3, summary); })
        .tasks.at(0);
  };
  EXPECT_EQ(query(true).payload, "");
  EXPECT_EQ(query(true).result, "");
  EXPECT_EQ(query(false).payload, R"({"to":"ann"})");
  EXPECT_EQ(query(false).result, R"({"ok":true})");
}

TEST_P(StoreConformance, EveryStatusAloneAndTogetherFindsItsTasks) {
  const auto tenant = bed.add_tenant();
  std::vector<std::pair<TaskId, Status>> tasks;
  for (int round = 0; round < 2; ++round) {
    for (const auto status : {Status::completed, Status::scheduled, Status::failed, Status::running,
                              Status::cancelled, Status::expired, Status::pending}) {
      tasks.emplace_back(bed.task_in(tenant, status), status);
    }
  }

  Pages pages(bed, tenant);
  for (unsigned mask = 1; mask < 1U << domain::kStatusCount; ++mask) {
    TaskFilter filter;
    for (int i = 0; i < domain::kStatusCount; ++i) {
      if ((mask >> i & 1U) != 0) filter.statuses.push_back(static_cast<Status>(i));
    }
    std::vector<TaskId> wanted;
    for (const auto& [id, status] : tasks) {
      if ((mask >> static_cast<unsigned>(status) & 1U) != 0) wanted.push_back(id);
    }
    std::ranges::reverse(wanted);
    EXPECT_EQ(pages.walk(filter, 2), wanted) << "statuses " << mask;
  }
}

}  // namespace
}  // namespace belfry::store::conformance
