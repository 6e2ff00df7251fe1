#include "store/directory.hpp"

#include <gtest/gtest.h>

#include "store/fake_backend.hpp"

namespace belfry::store {
namespace {

using domain::EventType;

TenantId tenant_id(std::uint64_t n) {
  return TenantId{{n, n}};
}

class DirectoryTest : public testing::Test {
 protected:
  void SetUp() override { directory_.attach(gateway_, backend_); }

  void transact(TransactFn fn) { ASSERT_TRUE(gateway_.transact_blocking(std::move(fn))); }
  void add_tenant(std::uint64_t n) {
    transact([n](Transaction& tx) -> Result<> {
      domain::Tenant tenant;
      tenant.id = tenant_id(n);
      tenant.name = "tenant " + std::to_string(n);
      tenant.created_at = from_ms(static_cast<std::int64_t>(1'000 - n));
      tx.tenant_writes().insert(tenant);
      return {};
    });
  }
  void put_queue(std::uint64_t tenant, std::string name, domain::QueueSettings settings = {}) {
    transact([=](Transaction& tx) -> Result<> {
      tx.queue_writes().put(tenant_id(tenant), name, settings, from_ms(0)).value();
      return {};
    });
  }
  void add_endpoint(std::uint64_t n, std::uint64_t tenant, std::uint32_t events, bool enabled) {
    transact([=](Transaction& tx) -> Result<> {
      EndpointRow row;
      row.id = EndpointId{{n, n}};
      row.tenant = tenant_id(tenant);
      row.events = events;
      row.enabled = enabled;
      return tx.endpoint_writes().insert(row);
    });
  }

  Directory directory_;
  FakeBackend backend_;
  MetricsRegistry metrics_;
  Gateway gateway_{backend_, {}, metrics_, nullptr};
};

TEST_F(DirectoryTest, KnowsWhatWasCommittedWhenItsCallerIsAnswered) {
  EXPECT_EQ(directory_.tenant(tenant_id(1)), nullptr);
  add_tenant(1);
  ASSERT_NE(directory_.tenant(tenant_id(1)), nullptr);
  EXPECT_EQ(directory_.tenant(tenant_id(1))->name, "tenant 1");
  put_queue(1, "mail");
  const auto queue = directory_.queue(tenant_id(1), "mail");
  ASSERT_NE(queue, nullptr);
  EXPECT_EQ(directory_.queue(queue->no), queue);
  EXPECT_EQ(directory_.queue(tenant_id(1), "post"), nullptr);
  EXPECT_EQ(directory_.queue(tenant_id(2), "mail"), nullptr);
  EXPECT_EQ(directory_.queue(domain::QueueNo{99}), nullptr);
}

TEST_F(DirectoryTest, AValueThatSomebodyHoldsStaysAsItWas) {
  add_tenant(1);
  put_queue(1, "mail");
  const auto before = directory_.queue(tenant_id(1), "mail");
  domain::QueueSettings paused;
  paused.paused = true;
  put_queue(1, "mail", paused);
  EXPECT_FALSE(before->settings.paused);
  EXPECT_TRUE(directory_.queue(tenant_id(1), "mail")->settings.paused);
  EXPECT_TRUE(directory_.queue(before->no)->settings.paused);
}

TEST_F(DirectoryTest, OnlyEnabledEndpointsWantEvents) {
  add_tenant(1);
  add_tenant(2);
  add_endpoint(1, 1, domain::bit(EventType::failed), true);
  add_endpoint(2, 1, domain::kAllTaskEvents, false);
  EXPECT_TRUE(directory_.wants(tenant_id(1), EventType::failed));
  EXPECT_FALSE(directory_.wants(tenant_id(1), EventType::completed));
  EXPECT_FALSE(directory_.wants(tenant_id(2), EventType::failed));
  EXPECT_FALSE(directory_.wants(tenant_id(3), EventType::failed));
  ASSERT_NE(directory_.endpoint(EndpointId{{2, 2}}), nullptr);
  transact([](Transaction& tx) -> Result<> {
    return tx.endpoint_writes().remove(tenant_id(1), EndpointId{{1, 1}});
  });
  EXPECT_EQ(directory_.endpoint(EndpointId{{1, 1}}), nullptr);
  EXPECT_FALSE(directory_.wants(tenant_id(1), EventType::failed));
}

TEST_F(DirectoryTest, HoldsOnlyWhoWasAskedFor) {
  for (std::uint64_t n = 1; n <= 100; ++n) add_tenant(n);
  EXPECT_EQ(directory_.held(), 0U);
  EXPECT_NE(directory_.tenant(tenant_id(7)), nullptr);
  EXPECT_EQ(directory_.tenant(tenant_id(1'000)), nullptr);
  EXPECT_EQ(directory_.held(), 1U);
}

TEST_F(DirectoryTest, AQueueOrEndpointIsFoundThoughItsTenantIsNotHeld) {
  add_tenant(1);
  put_queue(1, "mail");
  add_endpoint(1, 1, domain::bit(EventType::failed), true);
  Directory fresh;
  fresh.attach(gateway_, backend_);
  ASSERT_NE(fresh.queue(domain::QueueNo{1}), nullptr);
  EXPECT_EQ(fresh.queue(domain::QueueNo{1})->name, "mail");
  Directory other;
  other.attach(gateway_, backend_);
  EXPECT_NE(other.endpoint(EndpointId{{1, 1}}), nullptr);
  EXPECT_TRUE(other.wants(tenant_id(1), EventType::failed));
}

TEST_F(DirectoryTest, ThoseWhoWereNotAskedForLatelyMakeRoom) {
  Directory small(10);
  small.attach(gateway_, backend_);
  for (std::uint64_t n = 1; n <= 200; ++n) {
    add_tenant(n);
    ASSERT_NE(small.tenant(tenant_id(n)), nullptr);
    ASSERT_NE(small.tenant(tenant_id(1)), nullptr);
    EXPECT_LE(small.held(), 10U);
  }
  const auto reads = backend_.reads();
  EXPECT_NE(small.tenant(tenant_id(1)), nullptr);
  EXPECT_EQ(backend_.reads(), reads) << "who is asked for all the time stays";
  EXPECT_NE(small.tenant(tenant_id(2)), nullptr);
  EXPECT_EQ(backend_.reads(), reads + 1) << "who was not is read again";
}

TEST_F(DirectoryTest, ATenantWithMoreThanThereIsRoomForIsServed) {
  Directory small(3);
  small.attach(gateway_, backend_);
  add_tenant(1);
  for (int i = 0; i < 8; ++i) put_queue(1, "queue" + std::to_string(i));
  for (int i = 0; i < 8; ++i) {
    EXPECT_NE(small.queue(tenant_id(1), "queue" + std::to_string(i)), nullptr);
  }
}

TEST_F(DirectoryTest, ForgetsAllWhenTheDriverDoesNotNameWhoChanged) {
  add_tenant(1);
  ASSERT_NE(directory_.tenant(tenant_id(1)), nullptr);
  backend_.name_changed_tenants(false);
  put_queue(1, "late");
  EXPECT_EQ(directory_.held(), 0U);
  EXPECT_NE(directory_.queue(tenant_id(1), "late"), nullptr);
}

TEST_F(DirectoryTest, ARemovedTenantIsForgotten) {
  add_tenant(1);
  ASSERT_NE(directory_.tenant(tenant_id(1)), nullptr);
  transact([](Transaction& tx) -> Result<> {
    tx.tenant_writes().remove_some(tenant_id(1), 1);
    return {};
  });
  EXPECT_EQ(directory_.tenant(tenant_id(1)), nullptr);
  EXPECT_EQ(directory_.held(), 0U);
}

TEST_F(DirectoryTest, AStoreThatIsBusyForAMomentIsAskedAgain) {
  add_tenant(1);
  backend_.script_reads({FakeBackend::Act::busy, FakeBackend::Act::busy});
  EXPECT_NE(directory_.tenant(tenant_id(1)), nullptr);
}

TEST_F(DirectoryTest, AStoreThatStaysBusyIsNoUnknownTenant) {
  add_tenant(1);
  backend_.script_reads(std::vector<FakeBackend::Act>(5, FakeBackend::Act::busy));
  const auto found = directory_.find_tenant(tenant_id(1));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::storage_unavailable);
  EXPECT_NE(directory_.tenant(tenant_id(1)), nullptr);
}

TEST_F(DirectoryTest, WhatCouldNotBeRefreshedIsReadWhenItIsAskedFor) {
  add_tenant(1);
  ASSERT_NE(directory_.tenant(tenant_id(1)), nullptr);
  for (const auto trouble : {FakeBackend::Act::busy, FakeBackend::Act::full}) {
    const auto name = std::to_string(static_cast<int>(trouble));
    backend_.script_reads({trouble});
    put_queue(1, name);
    EXPECT_FALSE(gateway_.broken());
    EXPECT_NE(directory_.queue(tenant_id(1), name), nullptr);
  }
}

TEST_F(DirectoryTest, CorruptionFoundByALookUpBreaksTheStoreAtTheNextCommit) {
  add_tenant(1);
  backend_.script_reads({FakeBackend::Act::broken});
  EXPECT_EQ(directory_.tenant(tenant_id(1)), nullptr);
  EXPECT_FALSE(gateway_.transact_blocking([](Transaction&) { return Result<>(); }));
  EXPECT_TRUE(gateway_.broken());
}

TEST_F(DirectoryTest, CorruptionFoundByARefreshBreaksTheStore) {
  add_tenant(1);
  ASSERT_NE(directory_.tenant(tenant_id(1)), nullptr);
  backend_.script_reads({FakeBackend::Act::broken});
  EXPECT_FALSE(gateway_.transact_blocking([](Transaction& tx) -> Result<> {
    domain::Tenant tenant;
    tenant.id = tenant_id(1);
    tx.tenant_writes().insert(tenant);
    return {};
  }));
  EXPECT_TRUE(gateway_.broken());
}

}  // namespace
}  // namespace belfry::store
