// The resolver against a scripted DNS server on loopback, over UDP and TCP.
#include "http/resolver.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/check.hpp"

namespace belfry::http {
namespace {

using std::chrono::milliseconds;

constexpr int kServFail = 2;
constexpr int kNameError = 3;

// What a question looks like to the server.
struct Question {
  std::string name;
  int type = 0;          // 1: A, 28: AAAA
  std::size_t room = 0;  // what the asker takes in a datagram
  int before = 0;        // how often this name and type have been asked
};
struct Reply {
  int code = 0;
  bool found = true;        // an A record of 127.0.0.1
  std::size_t padding = 0;  // bytes of further records
  bool silent = false;
};

int number_at(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) * 256 + static_cast<unsigned char>(bytes[at + 1]);
}

std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

// Answers datagrams as told, cut short where they are too long. TCP connections are closed at once.
class DnsServer {
 public:
  using Script = std::function<Reply(const Question&)>;
  explicit DnsServer(Script script) : script_(std::move(script)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* generic = reinterpret_cast<sockaddr*>(&at);
    tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(::bind(tcp_, generic, size) == 0 && ::listen(tcp_, 64) == 0);
    CHECK(::getsockname(tcp_, generic, &size) == 0);
    udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(::bind(udp_, generic, size) == 0);
    CHECK(::pipe2(wake_, O_CLOEXEC) == 0);
    servers_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    ::close(wake_[1]);
    thread_.join();
    for (const int fd : {tcp_, udp_, wake_[0]}) ::close(fd);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  const std::string& servers() const { return servers_; }
  int connections() const { return connections_; }
  int asked(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    int sum = 0;
    for (const auto& [key, count] : asked_) sum += key.first == name ? count : 0;
    return sum;
  }

 private:
  void serve() {
    for (;;) {
      pollfd ready[] = {{tcp_, POLLIN, 0}, {udp_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
      ::poll(ready, 3, -1);
      if (ready[2].revents != 0) return;
      if (ready[0].revents != 0) {
        ++connections_;
        ::close(::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC));
      }
      if (ready[1].revents != 0) answer_datagram();
    }
  }

  void answer_datagram() {
    std::string bytes(4'096, 0);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto* generic = reinterpret_cast<sockaddr*>(&from);
    const auto count = ::recvfrom(udp_, bytes.data(), bytes.size(), 0, generic, &size);
    if (count < 12) return;
    bytes.resize(static_cast<std::size_t>(count));
    Question question;
    std::size_t at = 12;
    for (; bytes[at] != 0; at += static_cast<std::size_t>(bytes[at]) + 1) {
      question.name += (question.name.empty() ? "" : ".") +
                       bytes.substr(at + 1, static_cast<std::size_t>(bytes[at]));
    }
    question.type = number_at(bytes, at + 1);
    // An EDNS record comes last: a root name, its type and the room.
    const bool edns = number_at(bytes, 10) > 0;
    question.room = edns ? static_cast<std::size_t>(number_at(bytes, at + 8)) : 512;
    {
      const std::lock_guard lock(mutex_);
      question.before = asked_[{question.name, question.type}]++;
    }
    const auto reply = script_(question);
    if (reply.silent) return;
    const auto text =
        reply_text(bytes.substr(0, 2), bytes.substr(12, at + 5 - 12), question, reply);
    ::sendto(udp_, text.data(), text.size(), 0, generic, size);
  }

  static std::string reply_text(const std::string& id, const std::string& asked,
                                const Question& question, const Reply& reply) {
    std::string records;
    std::size_t answers = 0, others = 0;
    if (reply.code == 0 && reply.found && question.type == 1) {
      records +=
          std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01", 16);
      ++answers;
    }
    if (reply.padding > 0) {
      records += std::string("\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c", 10);
      records += two_bytes(reply.padding) + std::string(reply.padding, 'x');
      ++others;
    }
    const bool cut = 12 + asked.size() + records.size() > question.room;
    if (cut) {
      records.clear();
      answers = others = 0;
    }
    std::string text = id;
    text += static_cast<char>(0x84 | (cut ? 0x02 : 0));
    text += static_cast<char>(0x80 | reply.code);
    text += two_bytes(1) + two_bytes(answers) + two_bytes(0) + two_bytes(others);
    return text + asked + records;
  }

  Script script_;
  int tcp_ = -1, udp_ = -1;
  int wake_[2] = {-1, -1};
  std::string servers_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, int> asked_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

class ResolverTest : public testing::Test {
 protected:
  void serve(DnsServer::Script script) { server.emplace(std::move(script)); }
  void make(milliseconds budget) {
    resolver = make_resolver(context.get_executor(), {budget, server->servers()});
  }
  void ask(const std::string& name) {
    ++open;
    resolver->resolve(name, [this, name](Resolution answer) {
      --open;
      (answer.addresses.empty() ? failed : found)[name] += 1;
    });
  }
  void run() {
    while (open > 0) {
      context.restart();
      context.run_one();
    }
  }

  boost::asio::io_context context{1};
  std::optional<DnsServer> server;
  std::unique_ptr<Resolver> resolver;
  std::map<std::string, int> found, failed;
  int open = 0;
};

TEST_F(ResolverTest, TakesAnswersOfMoreThan512BytesInOneDatagram) {
  serve([](const Question&) { return Reply{.padding = 900}; });
  make(milliseconds(5'000));
  ask("large.example");
  run();
  EXPECT_EQ(found["large.example"], 1);
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(ResolverTest, TakesLargeDatagramsOfAServerThatClosesItsConnections) {
  serve([](const Question&) { return Reply{.padding = 3'000}; });
  make(milliseconds(5'000));
  ask("larger.example");
  run();
  EXPECT_EQ(found["larger.example"], 1);
}

// The names of one tenant that cannot be had break a connection each; no other question fails.
TEST_F(ResolverTest, ANameWhoseConnectionsAreClosedFailsNoOther) {
  serve([](const Question& question) {
    return Reply{.padding = question.name.starts_with("huge") ? 5'000U : 0U};
  });
  make(milliseconds(1'000));
  for (int i = 0; i < 100; ++i) {
    if (i % 6 == 0) ask("huge" + std::to_string(i) + ".example");
    ask("plain" + std::to_string(i) + ".example");
  }
  run();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(found["plain" + std::to_string(i) + ".example"], 1) << i;
  EXPECT_EQ(found.size(), 100U);
  EXPECT_GT(server->connections(), 0);
}

// A failing name must not turn the larger datagrams off for the others either.
TEST_F(ResolverTest, AServersFailureOfOneNameFailsNoOther) {
  serve([](const Question& question) {
    const bool bad = question.name == "broken.example";
    return Reply{.code = bad ? kServFail : 0, .padding = bad ? 0U : 900U};
  });
  make(milliseconds(1'000));
  ask("broken.example");
  run();
  EXPECT_EQ(failed["broken.example"], 1);
  for (int i = 0; i < 20; ++i) ask("large" + std::to_string(i) + ".example");
  run();
  EXPECT_EQ(found.size(), 20U);
}

TEST_F(ResolverTest, AsksAgainWhileTheBudgetLasts) {
  serve(
      [](const Question& question) { return Reply{.code = question.before < 4 ? kServFail : 0}; });
  make(milliseconds(5'000));
  ask("flaky.example");
  run();
  EXPECT_EQ(found["flaky.example"], 1);
}

TEST_F(ResolverTest, BelievesThatANameDoesNotExist) {
  serve([](const Question&) { return Reply{.code = kNameError}; });
  make(milliseconds(5'000));
  ask("nowhere.example");
  run();
  EXPECT_EQ(failed["nowhere.example"], 1);
  EXPECT_EQ(server->asked("nowhere.example"), 2);  // A and AAAA
}

TEST_F(ResolverTest, GivesUpAfterTheBudget) {
  serve([](const Question&) { return Reply{.silent = true}; });
  make(milliseconds(100));
  ask("silent.example");
  run();
  EXPECT_EQ(failed["silent.example"], 1);
}

TEST_F(ResolverTest, DiesInEachStateOfAQuestion) {
  for (const int replies : {0, 1, 2, 3}) {
    serve([replies](const Question& question) {
      return Reply{.code = kServFail, .silent = question.before >= replies};
    });
    make(milliseconds(5'000));
    ask("dying.example");
    while (server->asked("dying.example") < 2 * (replies + 1)) {
      context.restart();
      context.poll_one();
    }
    resolver.reset();
    EXPECT_EQ(open, 0) << replies;
    context.restart();
    context.run();
  }
}

}  // namespace
}  // namespace belfry::http
