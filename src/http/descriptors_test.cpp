// Own descriptors that are used up are nobody else's failure, and clients cannot use up those that
// calls need.
#include "http/descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "http/client_fixture.hpp"

namespace belfry::http {
namespace {

TEST(Descriptors, AreSharedWithinTheLimit) {
  for (const std::size_t limit : {0, 1, 16, 64, 256, 1'024, 4'096, 20'000, 65'536, 1'048'576}) {
    const auto shares = share_descriptors(limit);
    EXPECT_LE(shares.accepted + shares.opened, limit - std::min<std::size_t>(limit / 4, 128));
    if (limit >= 64) {
      EXPECT_GE(shares.accepted, limit >= 65'536 ? 12'000U : limit / 4) << limit;
      EXPECT_GE(shares.opened, limit >= 65'536 ? 12'000U : limit / 5) << limit;
    }
  }
}

// Takes every descriptor of the process, under a limit of its own, until it goes.
class AllDescriptors {
 public:
  AllDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{std::min<rlim_t>(256, before_.rlim_max), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }
  ~AllDescriptors() {
    for (const int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  AllDescriptors(const AllDescriptors&) = delete;
  AllDescriptors& operator=(const AllDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(ClientTest, ACallWithoutADescriptorIsOwnTrouble) {
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "the sanitizer needs descriptors of its own for its checks";
#endif
  ScriptedPeer peer({{ok()}});
  make_client();
  EXPECT_FALSE(out_of_descriptors());
  {
    const AllDescriptors taken;
    EXPECT_TRUE(out_of_descriptors());
    const auto answer = answer_to(post_to(url_of(peer)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().failure, CallFailure::connect_failed);
    EXPECT_TRUE(answer.error().own_trouble);
    EXPECT_FALSE(answer.error().sent);
  }
  EXPECT_TRUE(answer_to(post_to(url_of(peer))));
}

TEST_F(ClientTest, BeyondItsOwnConnectionsACallIsOwnTrouble) {
  ScriptedPeer peer({{ok()}, {.hang = true}});
  make_client({"127.0.0.0/8"}, {.connections_max = 2});
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  boost::asio::cancellation_signal cancel;
  start(post_to(url_of(peer)), &cancel);
  peer_has(peer, 2);
  boost::asio::cancellation_signal other;
  start(post_to(url_of(peer)), &other);
  peer_has(peer, 3);
  const auto refused = answer_to(post_to(url_of(peer)));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().own_trouble);
  cancel.emit(boost::asio::cancellation_type::terminal);
  other.emit(boost::asio::cancellation_type::terminal);
  while (!answers[1] || !answers[2]) {
    context.restart();
    context.run_one();
  }
}

// An idle connection gives way to a busy one.
TEST_F(ClientTest, AnIdleConnectionMakesRoomForACall) {
  ScriptedPeer one({{ok()}}), two({{ok()}});
  make_client({"127.0.0.0/8"}, {.connections_max = 1});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(answer_to(post_to(url_of(one))));
    ASSERT_TRUE(answer_to(post_to(url_of(two))));
  }
  EXPECT_EQ(client->idle_connections(), 1U);
}

}  // namespace
}  // namespace belfry::http
