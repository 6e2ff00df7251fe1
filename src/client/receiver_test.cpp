#include "belfry/receiver.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <stdexcept>

#include "base/clock.hpp"
#include "client/transport.hpp"
#include "client/wire.hpp"
#include "signing/webhook_signature.hpp"

namespace belfry::client {
namespace {

const std::string kSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

class ReceiverTest : public ::testing::Test {
 protected:
  ReceiverTest() : receiver(std::move(*Receiver::make({}))) {
    receiver.on_push("/push", [](const Push& push) {
      if (push.payload == "accept") return PushOutcome::accepted();
      if (push.payload == "again") return PushOutcome::fail("later");
      if (push.payload == "never") return PushOutcome::fail("no", false);
      if (push.payload == "throw") throw std::runtime_error("broken");
      return PushOutcome::complete(
          Json::object({{"task", push.task_id}, {"attempt", push.attempt}}));
    });
    receiver.on_webhook("/hook", [this](const Event& event) {
      events.push_back(event);
      return event.status == "FAILED" ? Receipt::try_again : Receipt::taken;
    });
    receiver.route("GET", "/things/{id}", [](const Request& request) {
      return Response::text(200, "text/plain", request.params.at(0));
    });
    receiver.route("POST", "/things", [this](const Request&) {
      ++posts;
      return Response::text(201, "text/plain", "made");
    });
    if (!receiver.start()) throw std::logic_error("a route of the test");
  }

  http::OutboundResponse send(http::Method method, const std::string& path, http::Headers headers,
                              std::string body) {
    http::OutboundRequest request;
    request.method = method;
    request.url = *http::parse_url("http://127.0.0.1:" + std::to_string(receiver.port()) + path);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return transport.send(std::move(request), {}).value();
  }

  http::OutboundResponse send_signed(const std::string& path, const std::string& body,
                                     std::chrono::seconds age = {}) {
    const auto at = std::chrono::floor<std::chrono::seconds>(AnchoredClock().now()) - age;
    const auto key = *signing::SigningKey::parse(kSecret);
    http::Headers headers{{"webhook-id", "id-1"},
                          {"webhook-timestamp", std::to_string(at.time_since_epoch().count())},
                          {"webhook-signature", key.sign("id-1", at, signed_body.value_or(body))},
                          {"Belfry-Task-Id", "id-1"},
                          {"Belfry-Attempt", "2"}};
    for (const auto& [name, value] : unsigned_headers) {
      headers.set(name, value);
    }
    return send(http::Method::post, path, std::move(headers), body);
  }

  Transport transport;
  Receiver receiver;
  std::vector<Event> events;
  std::atomic<int> posts{0};
  std::optional<std::string> signed_body;
  std::vector<std::pair<std::string, std::string>> unsigned_headers;  // in the place of the usual
};

TEST_F(ReceiverTest, ServesRoutesAndHealth) {
  EXPECT_EQ(send(http::Method::get, "/things/a%20b", {}, "").body, "a b");
  EXPECT_EQ(send(http::Method::get, "/healthz", {}, "").status, 200);
  EXPECT_EQ(send(http::Method::get, "/none", {}, "").status, 404);
  EXPECT_EQ(send(http::Method::get, "/push", {}, "").status, 405);
}

TEST_F(ReceiverTest, RefusesAPageOfAnotherOriginThatChangesSomething) {
  const auto post = [this](http::Headers headers) {
    return send(http::Method::post, "/things", std::move(headers), "{}").status;
  };
  EXPECT_EQ(post({{"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(post({{"Origin", "null"}}), 403);
  EXPECT_EQ(post({{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(posts, 0);
  EXPECT_EQ(post({{"Origin", "http://127.0.0.1:" + std::to_string(receiver.port())}}), 201);
  EXPECT_EQ(post({}), 201);
  EXPECT_EQ(posts, 2);
}

TEST_F(ReceiverTest, RefusesUntilASecretIsKnown) {
  EXPECT_EQ(send_signed("/push", "{}").status, 503);
  EXPECT_FALSE(receiver.set_secrets({"nonsense"}));
  EXPECT_TRUE(receiver.set_secrets({kSecret}));
  EXPECT_EQ(send_signed("/push", "{}").status, 200);
}

TEST_F(ReceiverTest, RefusesWhatIsNotSigned) {
  ASSERT_TRUE(receiver.set_secrets({kSecret}));
  EXPECT_EQ(send(http::Method::post, "/push", {}, "{}").status, 401);
  EXPECT_EQ(send_signed("/push", "{}", std::chrono::minutes(6)).status, 401);
  EXPECT_EQ(send_signed("/push", "{}", -std::chrono::minutes(6)).status, 401);
  signed_body = "{\"other\":1}";
  EXPECT_EQ(send_signed("/hook", "{}").status, 401);
  EXPECT_TRUE(events.empty());
  signed_body.reset();
  ASSERT_TRUE(receiver.set_secrets({"whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo0NTY3ODk="}));
  EXPECT_EQ(send_signed("/push", "{}").status, 401);
}

TEST_F(ReceiverTest, AnswersAPushAsItsOutcomeSays) {
  ASSERT_TRUE(receiver.set_secrets({kSecret}));
  EXPECT_EQ(send_signed("/push", "{}").body, R"({"task":"id-1","attempt":2})");
  EXPECT_EQ(send_signed("/push", "accept").status, 202);
  EXPECT_EQ(send_signed("/push", "again").status, 500);
  EXPECT_EQ(send_signed("/push", "throw").status, 500);
  const auto never = send_signed("/push", "never");
  EXPECT_EQ(never.status, 422);
  EXPECT_EQ(never.headers.get("Belfry-Retry"), "never");
}

TEST_F(ReceiverTest, TellsEvents) {
  ASSERT_TRUE(receiver.set_secrets({kSecret}));
  const std::string body =
      R"({"type":"task.completed","taskId":"id-1","status":"COMPLETED","result":{"n":1}})";
  EXPECT_EQ(send_signed("/hook", body).status, 204);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, "id-1");
  EXPECT_EQ(events[0].result["n"].integer_or(0), 1);
  EXPECT_EQ(send_signed("/hook", R"({"status":"FAILED"})").status, 500);
  EXPECT_EQ(send_signed("/hook", "no json").status, 400);
}

TEST(Receiver, LetsARequestInProgressEnd) {
  std::promise<void> entered;
  std::promise<void> leave;
  auto receiver = std::move(*Receiver::make({}));
  receiver.route("GET", "/slow", [&](const Request&) {
    entered.set_value();
    leave.get_future().wait();
    return Response::text(200, "text/plain", "done");
  });
  ASSERT_TRUE(receiver.start());
  Transport transport;
  auto answer = std::async(std::launch::async, [&transport, port = receiver.port()] {
    http::OutboundRequest request;
    request.method = http::Method::get;
    request.url = *http::parse_url("http://127.0.0.1:" + std::to_string(port) + "/slow");
    return transport.send(std::move(request), {});
  });
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&receiver] { receiver.stop(); });
  leave.set_value();
  stopped.wait();
  EXPECT_EQ(answer.get()->body, "done");
}

int status_for_host(Receiver& receiver, const std::string& host) {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::make_address("127.0.0.1"), receiver.port()});
  asio::write(socket, asio::buffer("GET /healthz HTTP/1.1\r\nHost: " + host +
                                   "\r\nConnection: close\r\n\r\n"));
  std::string answer(12, ' ');  // "HTTP/1.1 200"
  asio::read(socket, asio::buffer(answer));
  return std::stoi(answer.substr(9));
}

TEST(Receiver, ServesOnlyTheNamesThatItIsToldOf) {
  ReceiverOptions named;
  named.allowed_hosts = {"jobs.test"};
  auto receiver = std::move(*Receiver::make(named));
  ASSERT_TRUE(receiver.start());
  EXPECT_EQ(status_for_host(receiver, "jobs.test:9000"), 200);
  EXPECT_EQ(status_for_host(receiver, "localhost"), 200);
  EXPECT_EQ(status_for_host(receiver, "evil.example"), 403);
  auto loopback = std::move(*Receiver::make({}));
  ASSERT_TRUE(loopback.start());
  EXPECT_EQ(status_for_host(loopback, "jobs.test:9000"), 403);
}

TEST(Receiver, DoesNotStartWithARouteOfAnUnknownMethod) {
  auto receiver = std::move(*Receiver::make({}));
  receiver.route("BREW", "/pot", [](const Request&) { return Response{}; });
  const auto started = receiver.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().type, "urn:belfry:client:usage");
}

TEST(Receiver, SaysWhyItCannotListen) {
  auto first = std::move(*Receiver::make({}));
  ReceiverOptions options;
  options.port = first.port();
  const auto second = Receiver::make(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().type, "urn:belfry:client:usage");
}

TEST_F(ReceiverTest, RefusesAPushWhoseUnsignedIdsWereChanged) {
  ASSERT_TRUE(receiver.set_secrets({kSecret}));
  using Headers = std::vector<std::pair<std::string, std::string>>;
  for (const auto& changed :
       {Headers{{"Belfry-Task-Id", "id-2"}}, Headers{{"Idempotency-Key", "id-2"}},
        Headers{{"belfry-task-id", "id-2"}}, Headers{{"Belfry-Lease", "3.abc"}},
        Headers{{"Belfry-Attempt", "3"}, {"Belfry-Lease", "2.abc"}}}) {
    unsigned_headers = changed;
    EXPECT_EQ(send_signed("/push", "{}").status, 401) << changed.front().first;
  }
  unsigned_headers = {{"Idempotency-Key", "id-1"}, {"Belfry-Lease", "2.abc"}};
  EXPECT_EQ(send_signed("/push", "{}").status, 200);
}

}  // namespace
}  // namespace belfry::client
