#include "dashboard/viewer.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "dashboard/counts.hpp"

namespace belfry::dashboard {
namespace {

class ViewerTest : public testing::Test {
 protected:
  boost::asio::io_context context;
  Viewer viewer{"c1", std::make_shared<Session>(), context.get_executor()};
};

TEST_F(ViewerTest, TellsTheLastStateOfWhatIsOnScreenAndNumbersForTheRest) {
  viewer.watch({"a", "b"}, true);
  viewer.on_task("a", R"({"taskId":"a","status":"PENDING"})", true);
  viewer.on_task("a", R"({"taskId":"a","status":"RUNNING"})", false);
  viewer.on_task("x", "{}", true);
  viewer.on_task("y", "{}", true);
  viewer.on_task("y", "{}", false);
  ASSERT_TRUE(viewer.has_news());
  EXPECT_EQ(viewer.take(),
            "event: tasks\n"
            R"(data: {"changed":[{"taskId":"a","status":"RUNNING"}],"arrived":2,"moved":1})"
            "\n\n");
  EXPECT_FALSE(viewer.has_news());
}

TEST_F(ViewerTest, HearsNothingOfTasksUnlessItAsked) {
  viewer.on_task("a", "{}", true);
  EXPECT_FALSE(viewer.has_news());
  viewer.on_totals(R"({"total":1})");
  EXPECT_EQ(viewer.take(), "event: totals\ndata: {\"total\":1}\n\n");
  viewer.on_totals(R"({"total":1})");
  EXPECT_FALSE(viewer.has_news()) << "nothing has changed";
}

TEST_F(ViewerTest, WhatCameBeforeAResetIsNotTold) {
  viewer.watch({"a"}, true);
  viewer.on_task("a", "{}", false);
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
  viewer.watch({"a"}, true);
  viewer.on_task("a", "{}", false);
  viewer.watch({"b"}, true);
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
