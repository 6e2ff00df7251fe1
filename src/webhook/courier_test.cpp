#include "webhook/courier.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <unistd.h>

#include "http/scripted_peer.hpp"
#include "webhook/webhook_fixture.hpp"

namespace belfry::webhook {
namespace {

using domain::EventType;
using http::ScriptedPeer;
using store::DeliveryState;

constexpr auto* kRefused = R"(belfry_webhook_attempts_total{outcome="refused"})";

std::string answer(int status, const std::string& more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n" + more + "\r\n";
}

std::string url_of(const auto& peer) {
  return "http://127.0.0.1:" + std::to_string(peer.port()) + "/hook";
}

std::string header(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

TEST_F(CourierTest, DeliversATasksEventsInOrderAndSigned) {
  ScriptedPeer peer({{.send = answer(200)}});
  const auto tenant = add_tenant();
  const auto endpoint = add_endpoint(tenant, url_of(peer));
  start();
  submit(tenant, {EventType::submitted, EventType::started, EventType::completed});
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::delivered); }));
  const auto requests = peer.requests();
  ASSERT_EQ(requests.size(), 3U);
  const char* const types[] = {"task.submitted", "task.started", "task.completed"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(body_of(requests[i]),
              R"({"sequence":)" + std::to_string(i + 1) + R"(,"type":")" + types[i] + "\"}");
    const auto id = header(requests[i], "webhook-id"),
               at = header(requests[i], "webhook-timestamp"),
               signature = header(requests[i], "webhook-signature"), body = body_of(requests[i]);
    EXPECT_TRUE(signing::verify(one_key().front(), {id, at, signature, body}, clock.now()));
  }
  EXPECT_TRUE(deliveries(tenant).front().endpoint == endpoint);
  EXPECT_EQ(metric(R"(belfry_webhook_attempts_total{outcome="delivered"})"), 3);
}

TEST_F(CourierTest, TheNextOneWaitsUntilTheFirstHasSucceeded) {
  ScriptedPeer peer({{.send = answer(500)}, {.send = answer(200)}});
  const auto tenant = add_tenant();
  add_endpoint(tenant, url_of(peer));
  start();
  submit(tenant, {EventType::submitted, EventType::started});
  ASSERT_TRUE(eventually([&] { return deliveries(tenant).back().attempts == 1; }));
  EXPECT_EQ(deliveries(tenant).front().state, DeliveryState::held);
  EXPECT_EQ(peer.requests().size(), 1U);
  pass(Millis{6'000});
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::delivered); }));
  const auto requests = peer.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(body_of(requests[0]), body_of(requests[1]));
  EXPECT_EQ(header(requests[0], "webhook-id"), header(requests[1], "webhook-id"));
  EXPECT_NE(header(requests[0], "webhook-timestamp"), header(requests[1], "webhook-timestamp"));
  EXPECT_NE(header(requests[1], "webhook-id"), header(requests[2], "webhook-id"));
  const auto log = attempts(tenant, deliveries(tenant).back().id);
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].http_status, 500);
  EXPECT_EQ(log[1].http_status, 200);
}

TEST_F(CourierTest, EndsWithTheScheduleAndCanBeRedelivered) {
  std::vector<http::Act> script(10, {.send = answer(404)});
  script.push_back({.send = answer(200)});
  ScriptedPeer peer(script);
  const auto tenant = add_tenant();
  start();
  const auto task = submit(tenant, {EventType::completed}, url_of(peer));
  for (int attempt = 1; attempt < 10; ++attempt) {
    ASSERT_TRUE(eventually([&] { return deliveries(tenant, task).front().attempts == attempt; }));
    pass(std::chrono::hours{30});
  }
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::exhausted); }));
  EXPECT_EQ(peer.requests().size(), 10U);
  const auto id = deliveries(tenant).front().id;
  transact([&](store::Transaction& tx) {
    EXPECT_TRUE(tx.delivery_writes().redeliver(tenant, id, clock.now()));
  });
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::delivered); }));
  EXPECT_EQ(deliveries(tenant).front().attempts_total, 11);
}

TEST_F(CourierTest, GoneDisablesTheEndpointAndGivesUpTheRest) {
  ScriptedPeer peer({{.send = answer(410)}});
  const auto tenant = add_tenant();
  const auto endpoint = add_endpoint(tenant, url_of(peer));
  start();
  submit(tenant, {EventType::submitted, EventType::started});
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::exhausted); }));
  EXPECT_EQ(peer.requests().size(), 1U);
  const auto row = directory.endpoint(endpoint);
  EXPECT_FALSE(row->enabled);
  EXPECT_EQ(row->disabled_reason, "gone");
}

TEST_F(CourierTest, ADisabledEndpointIsGivenUpAndNotBlamed) {
  ScriptedPeer peer({{.send = answer(500)}, {.send = answer(200)}});
  const auto tenant = add_tenant();
  const auto endpoint = add_endpoint(tenant, url_of(peer));
  start();
  submit(tenant, {EventType::submitted});
  ASSERT_TRUE(eventually([&] { return deliveries(tenant).front().attempts == 1; }));
  EXPECT_TRUE(directory.endpoint(endpoint)->failing_since);
  transact([&](store::Transaction& tx) {
    auto row = *tx.endpoints().find(tenant, endpoint);
    row.enabled = false;
    row.failing_since.reset();
    EXPECT_TRUE(tx.endpoint_writes().update(row));
  });
  EXPECT_TRUE(all_are(tenant, DeliveryState::exhausted));
  EXPECT_FALSE(directory.endpoint(endpoint)->failing_since);
  EXPECT_EQ(peer.requests().size(), 1U);
}

TEST_F(CourierTest, AForbiddenDestinationIsARecordedFailure) {
  const auto tenant = add_tenant();
  start();
  submit(tenant, {EventType::completed}, "http://10.1.2.3:8080/");
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::exhausted); }));
  const auto log = attempts(tenant, deliveries(tenant).front().id);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].failure, "destination_forbidden");
}

TEST_F(CourierTest, MarksWhenAnEndpointBeginsToFailAndWhenItIsWell) {
  ScriptedPeer peer({{.send = answer(500)}, {.send = answer(204)}});
  const auto tenant = add_tenant();
  const auto endpoint = add_endpoint(tenant, url_of(peer));
  start();
  submit(tenant, {EventType::submitted});
  ASSERT_TRUE(eventually([&] { return directory.endpoint(endpoint)->failing_since.has_value(); }));
  pass(Millis{6'000});
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::delivered); }));
  EXPECT_FALSE(directory.endpoint(endpoint)->failing_since);
}

// A dead endpoint keeps none of its deliveries away for longer than it is dead: they keep their
// place, use no attempt and are called back in order.
TEST_F(CourierTest, DeliveriesToADeadEndpointAreCalledBackWhenItIsWell) {
  constexpr int kTasks = 300;
  const http::ClosedPort closed;
  const auto tenant = add_tenant();
  const auto endpoint = add_endpoint(tenant, url_of(closed));
  for (int i = 0; i < kTasks; ++i) submit(tenant, {EventType::submitted});
  start();
  ASSERT_TRUE(while_time_passes([&] { return metric(kRefused) >= kTasks - 20; }));
  for (const auto& row : deliveries(tenant)) {
    EXPECT_EQ(row.state, DeliveryState::waiting);
    EXPECT_LE(row.attempts, 2);
  }
  EXPECT_TRUE(directory.endpoint(endpoint)->enabled);
  ScriptedPeer peer({{.send = answer(200)}}, nullptr, closed.port());
  // In less than the schedule's second wait of five minutes.
  ASSERT_TRUE(while_time_passes([&] { return all_are(tenant, DeliveryState::delivered); }));
  EXPECT_EQ(peer.requests().size(), static_cast<std::size_t>(kTasks));
  for (const auto& row : deliveries(tenant)) EXPECT_LE(row.attempts, 3);
}

TEST_F(CourierTest, ADeliveryThatIsRefusedForItsWholeScheduleIsExhausted) {
  const auto tenant = add_tenant();
  const http::ClosedPort closed;
  const auto url = url_of(closed);
  start();
  for (int i = 0; i < 30; ++i) submit(tenant, {EventType::completed}, url);
  const auto is_exhausted = [](const auto& row) { return row.state == DeliveryState::exhausted; };
  ASSERT_TRUE(while_time_passes([&] { return metric(kRefused) >= 20; }));
  pass(std::chrono::hours{74});
  EXPECT_EQ(std::ranges::count_if(deliveries(tenant), is_exhausted), 0);
  pass(std::chrono::hours{2});
  ASSERT_TRUE(while_time_passes(
      [&] { return std::ranges::count_if(deliveries(tenant), is_exhausted) >= 20; }));
  EXPECT_TRUE(std::ranges::any_of(deliveries(tenant), [&](const auto& row) {
    const auto log = attempts(tenant, row.id);  // of one that was never called, maybe none yet
    return !log.empty() && log.back().failure == "destination_open";
  }));
}

TEST_F(CourierTest, EndpointsOnOneHostDoNotStopEachOther) {
  ScriptedPeer peer({{.send = answer(500)}});
  const auto tenant = add_tenant(), other = add_tenant();
  add_endpoint(tenant, url_of(peer));
  for (int i = 0; i < 40; ++i) submit(tenant, {EventType::submitted});
  start();
  ASSERT_TRUE(eventually([&] {
    return std::ranges::all_of(deliveries(tenant), [](auto& row) { return row.attempts == 1; });
  }));
  // Every one was called: an answer of 500 stops nobody.
  EXPECT_EQ(peer.requests().size(), 40U);
  EXPECT_EQ(metric(kRefused), 0);
  EXPECT_EQ(deliveries(other).size(), 0U);
}

TEST_F(CourierTest, WhatAStopCutsOffIsDeliveredAfterTheNextStart) {
  ScriptedPeer peer({{.hang = true}, {.send = answer(200)}});
  const auto tenant = add_tenant();
  add_endpoint(tenant, url_of(peer));
  start();
  submit(tenant, {EventType::submitted});
  peer.wait_for_requests(1);
  stop(std::chrono::milliseconds{0});
  EXPECT_TRUE(all_are(tenant, DeliveryState::waiting));
  EXPECT_EQ(deliveries(tenant).front().attempts, 0);
  start();
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::delivered); }));
  EXPECT_EQ(peer.requests().size(), 2U);
}

TEST_F(CourierTest, DeliversWhatItFindsAtItsStart) {
  ScriptedPeer peer({{.send = answer(200)}});
  const auto tenant = add_tenant();
  add_endpoint(tenant, url_of(peer));
  submit(tenant, {EventType::submitted, EventType::started});
  start();
  ASSERT_TRUE(eventually([&] { return all_are(tenant, DeliveryState::delivered); }));
  EXPECT_EQ(peer.requests().size(), 2U);
}

TEST_F(CourierTest, DeliversABurstThroughAShortLine) {
  constexpr int kTasks = 300;
  ScriptedPeer peer({{.send = answer(200)}});
  const auto tenant = add_tenant();
  add_endpoint(tenant, url_of(peer));
  CourierOptions options;
  options.lineup.held_per_line = 4;
  options.lineup.held_per_tenant = 8;
  for (int i = 0; i < kTasks; ++i) submit(tenant, {EventType::submitted});
  start(options);
  ASSERT_TRUE(while_time_passes([&] { return all_are(tenant, DeliveryState::delivered); }));
  EXPECT_EQ(peer.requests().size(), static_cast<std::size_t>(kTasks));  // none twice
  EXPECT_GT(metric("belfry_webhooks_postponed_total"), 0);
}

// Takes connections by its backlog and never answers.
class HangingDestination {
 public:
  HangingDestination() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_, generic, size), 0);
    EXPECT_EQ(listen(fd_, 64), 0);
    EXPECT_EQ(getsockname(fd_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~HangingDestination() { close(fd_); }
  HangingDestination(const HangingDestination&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int fd_;
  int port_ = 0;
};

// P11 with real sockets; that it is the line-up's doing is shown in lineup_test.cpp.
TEST_F(CourierTest, AThousandHangingDestinationsDelayNobody) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const int count = files.rlim_cur >= 8'192 ? 1'000 : 200;
  std::vector<std::unique_ptr<HangingDestination>> hanging;
  const auto bad = add_tenant(), good = add_tenant();
  for (int i = 0; i < count; ++i) {
    hanging.push_back(std::make_unique<HangingDestination>());
    for (int k = 0; k < 3; ++k) submit(bad, {EventType::completed}, hanging.back()->url());
  }
  ScriptedPeer peer({{.send = answer(200)}});
  start();
  submit(good, {EventType::completed}, url_of(peer));
  submit(bad, {EventType::completed}, url_of(peer));
  ASSERT_TRUE(eventually([&] { return all_are(good, DeliveryState::delivered); }));
  peer.wait_for_requests(2);  // the same tenant's good destination is not delayed either
  EXPECT_EQ(metric(R"(belfry_webhook_attempts_total{outcome="retrying"})"), 0);
  EXPECT_GT(metric("belfry_webhooks_in_flight"), count);
  stop(std::chrono::milliseconds{0});
}

}  // namespace
}  // namespace belfry::webhook
