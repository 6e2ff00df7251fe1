#include "dispatch/held_bytes.hpp"

#include <gtest/gtest.h>

namespace belfry::dispatch {
namespace {

TenantId tenant(std::uint64_t n) {
  return TenantId{Uuid{n, n}};
}

TEST(HeldBytes, ATenantFillsItsOwnShareAndNoMore) {
  HeldBytes held(100, 40);
  EXPECT_EQ(held.room(tenant(1)), 40U);
  held.add(tenant(1), 30);
  EXPECT_EQ(held.room(tenant(1)), 10U);
  held.add(tenant(1), 25);  // the last task of a claim may pass the limit
  EXPECT_TRUE(held.at_limit(tenant(1)));
  EXPECT_EQ(held.room(tenant(1)), 0U);
  EXPECT_FALSE(held.at_limit(tenant(2)));
  EXPECT_EQ(held.room(tenant(2)), 40U);
}

TEST(HeldBytes, TheTotalBoundsWhatTheSharesWouldAllow) {
  HeldBytes held(100, 40);
  held.add(tenant(1), 40);
  held.add(tenant(2), 40);
  EXPECT_EQ(held.room(tenant(3)), 20U);
  EXPECT_FALSE(held.full());
  held.add(tenant(3), 20);
  EXPECT_TRUE(held.full());
  EXPECT_EQ(held.room(tenant(4)), 0U);
}

TEST(HeldBytes, WhatEndsGivesItsRoomBack) {
  HeldBytes held(100, 40);
  held.add(tenant(1), 15);
  held.add(tenant(1), 30);
  held.remove(tenant(1), 30);
  EXPECT_EQ(held.room(tenant(1)), 25U);
  held.remove(tenant(1), 15);
  held.add(tenant(1), 0);
  held.remove(tenant(1), 0);
  EXPECT_EQ(held.room(tenant(1)), 40U);
  EXPECT_FALSE(held.full());
}

}  // namespace
}  // namespace belfry::dispatch
