#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/client.hpp"
#include "http/resolver.hpp"
#include "http/scripted_peer.hpp"

namespace belfry::http {

using Answer = std::expected<OutboundResponse, CallError>;

inline std::string_view name(const CallError& error) {
  return name(error.failure);
}

inline EgressPolicy egress(const std::vector<std::string>& allow) {
  auto made = EgressPolicy::make(allow);
  EXPECT_TRUE(made);
  return *made;
}

inline OutboundRequest post_to(const std::string& url, std::string body = "{}") {
  auto parsed = parse_url(url);
  EXPECT_TRUE(parsed) << url;
  OutboundRequest request;
  request.url = *parsed;
  request.body = std::move(body);
  request.pool_key = "tenant";
  request.timeout = std::chrono::seconds(20);
  return request;
}

// Answers from a table; a name that is not in it is never answered.
class ScriptedResolver final : public Resolver {
 public:
  using Table = std::vector<std::pair<std::string, std::vector<std::string>>>;
  explicit ScriptedResolver(Table table) : table_(std::move(table)) {}

  void resolve(const std::string& host, Done done) override {
    asked.push_back(host);
    for (const auto& [name, addresses] : table_) {
      if (name != host) continue;
      Resolution answer;
      for (const auto& text : addresses) {
        answer.addresses.push_back(boost::asio::ip::make_address(text));
      }
      return done(std::move(answer));
    }
    open.push_back(std::move(done));
  }

  std::vector<std::string> asked;
  std::vector<Done> open;

 private:
  Table table_;
};

// A client on a context that runs only while a test waits for answers.
class ClientTest : public testing::Test {
 protected:
  void make_client(const std::vector<std::string>& allow = {"127.0.0.0/8", "::1/128"},
                   ClientOptions options = {}, std::unique_ptr<Resolver> resolver = nullptr) {
    const auto executor = context.get_executor();
    client = resolver
                 ? std::make_unique<Client>(executor, egress(allow), options, std::move(resolver))
                 : std::make_unique<Client>(executor, egress(allow), options);
  }

  // Starts a call; its answer is in `answers` once the context has run.
  void start(OutboundRequest request, boost::asio::cancellation_signal* cancel = nullptr) {
    const auto at = answers.size();
    answers.emplace_back();
    const auto store = [this, at](std::exception_ptr failure, Answer answer) {
      if (failure) std::rethrow_exception(failure);
      answers[at] = std::move(answer);
    };
    auto call = client->send(std::move(request));
    if (cancel == nullptr) {
      boost::asio::co_spawn(context, std::move(call), store);
    } else {
      boost::asio::co_spawn(context, std::move(call),
                            boost::asio::bind_cancellation_slot(cancel->slot(), store));
    }
  }

  Answer answer_to(OutboundRequest request) {
    start(std::move(request));
    return last();
  }

  // Runs until the newest call has its answer.
  Answer last() {
    while (!answers.back()) {
      context.restart();
      context.run_one();
    }
    return *answers.back();
  }

  // Runs until the peer has read so many requests.
  void peer_has(const ScriptedPeer& peer, std::size_t requests) {
    while (peer.requests().size() < requests) {
      context.restart();
      context.poll_one();
    }
  }

  std::string url_of(const ScriptedPeer& peer, const std::string& target = "/hook") {
    return "http://127.0.0.1:" + std::to_string(peer.port()) + target;
  }

  boost::asio::io_context context{1};
  std::unique_ptr<Client> client;
  std::vector<std::optional<Answer>> answers;
};

inline std::string ok(const std::string& body = "ok") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace belfry::http
