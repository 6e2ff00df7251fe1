#include "belfry/receiver.hpp"

#include <gtest/gtest.h>

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
    receiver.start();
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
    http::Headers headers{{"webhook-id", "m1"},
                          {"webhook-timestamp", std::to_string(at.time_since_epoch().count())},
                          {"webhook-signature", key.sign("m1", at, signed_body.value_or(body))},
                          {"Belfry-Task-Id", "id-1"},
                          {"Belfry-Attempt", "2"}};
    return send(http::Method::post, path, std::move(headers), body);
  }

  Transport transport;
  Receiver receiver;
  std::vector<Event> events;
  std::optional<std::string> signed_body;
};

TEST_F(ReceiverTest, ServesRoutesAndHealth) {
  EXPECT_EQ(send(http::Method::get, "/things/a%20b", {}, "").body, "a b");
  EXPECT_EQ(send(http::Method::get, "/healthz", {}, "").status, 200);
  EXPECT_EQ(send(http::Method::get, "/none", {}, "").status, 404);
  EXPECT_EQ(send(http::Method::get, "/push", {}, "").status, 405);
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
  EXPECT_EQ(events[0].id, "m1");
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
  receiver.start();
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

TEST(Receiver, SaysWhyItCannotListen) {
  auto first = std::move(*Receiver::make({}));
  ReceiverOptions options;
  options.port = first.port();
  const auto second = Receiver::make(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().type, "urn:belfry:client:usage");
}

}  // namespace
}  // namespace belfry::client
