#include "dispatch/backlog.hpp"

#include <gtest/gtest.h>

namespace belfry::dispatch {
namespace {

const TenantId kTenant{Uuid{1, 1}};

http::Destination at(const std::string& handler, const std::string& origin = "http://a:80") {
  return {kTenant, origin, handler};
}

ParkedPlace place(std::int64_t rank) {
  return {rank, TaskId{Uuid{static_cast<std::uint64_t>(rank), 1}}};
}

TEST(Backlog, NobodyOvertakesTheBestThatIsParked) {
  Backlog backlog;
  EXPECT_FALSE(backlog.comes_first(at("/a"), place(9)));
  backlog.park(at("/a"), place(5));
  backlog.park(at("/a"), place(7));
  EXPECT_TRUE(backlog.comes_first(at("/a"), place(6)));
  EXPECT_FALSE(backlog.comes_first(at("/a"), place(5)));
  EXPECT_FALSE(backlog.comes_first(at("/a"), place(4)));
  EXPECT_FALSE(backlog.comes_first(at("/b"), place(9)));
  backlog.unparking(at("/a"));
  backlog.unparked(at("/a"), {place(5)}, place(7));
  EXPECT_FALSE(backlog.comes_first(at("/a"), place(6)));
  EXPECT_TRUE(backlog.comes_first(at("/a"), place(8)));
  backlog.unparked(at("/a"), {place(7)}, std::nullopt);
  EXPECT_TRUE(backlog.empty());
}

TEST(Backlog, WhatIsPutOffWhileTheStoreUnparksIsNotForgotten) {
  Backlog backlog;
  backlog.park(at("/a"), place(5));
  backlog.unparking(at("/a"));
  backlog.park(at("/a"), place(6));
  backlog.unparked(at("/a"), {place(5)}, std::nullopt);
  EXPECT_TRUE(backlog.comes_first(at("/a"), place(7)));
  EXPECT_FALSE(backlog.comes_first(at("/a"), place(5)));
}

TEST(Backlog, AScanFindsWhatOthersParked) {
  Backlog backlog;
  backlog.found(at("/a"), place(3));
  EXPECT_TRUE(backlog.comes_first(at("/a"), place(4)));
  EXPECT_TRUE(backlog.knows(kTenant, "http://a:80"));
  EXPECT_FALSE(backlog.knows(kTenant, "http://b:80"));
}

TEST(Backlog, HandlersOfAnOriginTakeTurns) {
  Backlog backlog;
  for (const auto* handler : {"/a", "/b", "/c"}) backlog.park(at(handler), place(1));
  backlog.park(at("/z", "http://b:80"), place(1));
  std::string turns;
  for (int i = 0; i < 5; ++i) turns += backlog.next_turn(kTenant, "http://a:80")->handler;
  EXPECT_EQ(turns, "/a/b/c/a/b");
  EXPECT_FALSE(backlog.next_turn(kTenant, "http://c:80"));
}

}  // namespace
}  // namespace belfry::dispatch
