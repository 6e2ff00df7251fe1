#include "dashboard/viewer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "dashboard/counts.hpp"

namespace belfry::dashboard {
namespace {

class ViewerTest : public testing::Test {
 protected:
  // `lists`: what the page's lists ask for.
  void watch(std::unordered_set<std::string> ids, std::vector<WatchedList> lists = {}) {
    viewer.watch({std::move(ids), std::move(lists), true});
  }
  void tell(std::string_view id, std::string_view status, bool submitted = false,
            std::string_view queue = "mail") {
    const auto json = fmt::format(R"({{"taskId":"{}","status":"{}"}})", id, status);
    viewer.on_task({id, status, queue, json, submitted});
  }
  // What a message of tasks holds.
  static std::string tasks(std::string_view changed, std::string_view arrived = "",
                           std::string_view more = "") {
    return fmt::format(
        "event: tasks\ndata: {{\"changed\":[{}],\"arrived\":[{}],\"more\":[{}]}}\n\n", changed,
        arrived, more);
  }

  boost::asio::io_context context;
  Viewer viewer{"c1", std::make_shared<Session>(), context.get_executor()};
};

const WatchedList kAll;
const WatchedList kFailed{{"FAILED"}, {}};

TEST_F(ViewerTest, TellsTheLastStateOfWhatIsOnScreen) {
  watch({"a", "b"});
  tell("a", "PENDING");
  tell("a", "RUNNING");
  tell("x", "RUNNING");
  ASSERT_TRUE(viewer.has_news());
  EXPECT_EQ(viewer.take(), tasks(R"({"taskId":"a","status":"RUNNING"})"));
  EXPECT_FALSE(viewer.has_news());
}

TEST_F(ViewerTest, AListOfAllGainsWhatIsSubmittedAndNothingElse) {
  watch({}, {kAll});
  tell("old", "COMPLETED");
  EXPECT_FALSE(viewer.has_news());
  tell("x", "PENDING", true);
  tell("x", "RUNNING");
  EXPECT_EQ(viewer.take(), tasks(R"({"taskId":"x","status":"RUNNING"})", R"("x")"));
}

TEST_F(ViewerTest, AListOfAStatusGainsWhatComesIntoIt) {
  watch({}, {kFailed});
  tell("done", "PENDING", true);
  tell("done", "COMPLETED");
  EXPECT_FALSE(viewer.has_news()) << "neither belongs to the list";
  tell("x", "FAILED");
  EXPECT_EQ(viewer.take(), tasks(R"({"taskId":"x","status":"FAILED"})"));
}

TEST_F(ViewerTest, WhatAListGainedIsTakenBackWhenItLeaves) {
  watch({}, {kFailed});
  tell("x", "FAILED");
  viewer.take();
  tell("x", "PENDING");
  EXPECT_EQ(viewer.take(), tasks(R"({"taskId":"x","status":"PENDING"})"));
  tell("x", "RUNNING");
  EXPECT_FALSE(viewer.has_news()) << "it is not followed any more";
}

TEST_F(ViewerTest, AListOfAQueueHearsNothingOfOthers) {
  watch({}, {{{}, {"mail"}}});
  tell("x", "PENDING", true, "reports");
  EXPECT_FALSE(viewer.has_news());
  tell("y", "PENDING", true, "mail");
  EXPECT_TRUE(viewer.has_news());
}

TEST_F(ViewerTest, BeyondSomeTasksTheRestAreNumbers) {
  watch({}, {kAll});
  for (std::size_t i = 0; i < Viewer::kNamedMax + 3; ++i) {
    tell(fmt::format("t{}", i), "PENDING", true);
  }
  tell("r", "PENDING", true, "reports");
  const auto told = viewer.take();
  EXPECT_NE(told.find(R"("more":[)"
                      R"({"status":"PENDING","queue":"mail","arrived":true,"count":3},)"
                      R"({"status":"PENDING","queue":"reports","arrived":true,"count":1}])"),
            told.npos)
      << told;
  EXPECT_EQ(told.find("\"t202\""), told.npos);
  EXPECT_FALSE(viewer.has_news());
}

TEST_F(ViewerTest, HearsNothingOfTasksUnlessItAsked) {
  tell("a", "PENDING", true);
  EXPECT_FALSE(viewer.has_news());
  viewer.on_totals(R"({"total":1})");
  EXPECT_EQ(viewer.take(), "event: totals\ndata: {\"total\":1}\n\n");
  viewer.on_totals(R"({"total":1})");
  EXPECT_FALSE(viewer.has_news()) << "nothing has changed";
}

TEST_F(ViewerTest, WhatCameBeforeAResetIsNotTold) {
  watch({"a"});
  tell("a", "RUNNING");
  viewer.on_reset();
  EXPECT_EQ(viewer.take(), "event: reset\ndata: {}\n\n");
}

TEST_F(ViewerTest, SaysWhenNoNewsCanComeAndWhenItComesAgain) {
  viewer.on_source(true);
  EXPECT_FALSE(viewer.has_news());
  viewer.on_source(false);
  viewer.on_source(false);
  EXPECT_EQ(viewer.take(), "event: lost\ndata: {}\n\n");
  EXPECT_FALSE(viewer.has_news());
  viewer.on_source(true);
  viewer.on_reset();
  EXPECT_EQ(viewer.take(), "event: ping\ndata: {}\n\nevent: reset\ndata: {}\n\n");
}

TEST_F(ViewerTest, WhatLeavesTheScreenIsNotToldAnyMore) {
  watch({"a"});
  tell("a", "RUNNING");
  watch({"b"});
  EXPECT_FALSE(viewer.has_news());
}

TEST(EventReader, CutsEventsWhereverTheBytesAreCut) {
  const std::string stream =
      "retry: 2000\n\nid: b-1\nevent: task.started\ndata: {\"a\":1}\n\n: comment\n\n"
      "event: totals\ndata: {\"n\":2}\n\n";
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    EventReader reader;
    std::vector<StreamEvent> events;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      ASSERT_TRUE(reader.feed(std::string_view(stream).substr(at, step),
                              [&](const StreamEvent& event) { events.push_back(event); }));
    }
    ASSERT_EQ(events.size(), 2U) << step;
    EXPECT_EQ(events[0].id, "b-1");
    EXPECT_EQ(events[0].name, "task.started");
    EXPECT_EQ(events[0].data, R"({"a":1})");
    EXPECT_EQ(events[1].name, "totals");
  }
}

TEST(EventReader, AnEventWithoutAnEndIsRefused) {
  EventReader reader;
  const std::string piece(64 * 1024, 'x');
  bool taken = true;
  for (int i = 0; i < 10 && taken; ++i) taken = reader.feed(piece, [](const StreamEvent&) {});
  EXPECT_FALSE(taken);
}

TEST(Counts, AreTakenFromTheTopOfMetrics) {
  EXPECT_EQ(counts_of(R"({"pending":1,"scheduled":2,"running":3,"completed":4,"failed":5,)"
                      R"("total":28,"cancelled":6,"expired":7,"window":{"failed":9}})"),
            R"({"pending":1,"scheduled":2,"running":3,"completed":4,"failed":5,"cancelled":6,)"
            R"("expired":7,"total":28})");
  for (const auto* no : {"", "[]", R"({"pending":1})", R"({"pending":"1"})", "{"}) {
    EXPECT_FALSE(counts_of(no)) << no;
  }
}

}  // namespace
}  // namespace belfry::dashboard
