#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/id.hpp"
#include "http/client.hpp"
#include "outbox/tended_backend.hpp"
#include "signing/webhook_signature.hpp"
#include "store/directory.hpp"
#include "store/scrub_all.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::outbox {

inline constexpr std::chrono::seconds kPatience{60};  // for events that must come

// What the background loops work with, over a real store in a folder of its own and a thread of
// their own: for tests of the courier and the dispatcher.
template <class ClockType>
class LoopsTest : public testing::Test {
 protected:
  LoopsTest()
      : folder(std::filesystem::temp_directory_path() /
               ("belfry-loops-" + std::to_string(random.next_u64()))),
        backend((std::filesystem::create_directories(folder),
                 std::make_unique<TendedBackend>(
                     store::sqlite::open({.path = folder / "belfry.db", .clock = &clock})))),
        ids(clock, random),
        gateway(*backend, {}, metrics, [](const std::string& why) { FAIL() << why; }) {
    directory.attach(gateway, *backend);
    gateway.add_listener([this](const store::Committed& committed) {
      if (on_commit) on_commit(committed);
      const std::lock_guard lock(mutex);
      ++commits;
      changed.notify_all();
    });
  }
  ~LoopsTest() override {
    gateway.stop();
    EXPECT_EQ(store::scrub_all(*backend), 0U) << "damaged rows";
    std::filesystem::remove_all(folder);
  }

  // A thread and a client for the loops; `start` runs on it.
  void run_loops(std::function<void()> start) {
    context.restart();
    work.emplace(context.get_executor());
    boost::asio::post(context, std::move(start));
    thread = std::thread([this] { context.run(); });
  }
  void make_client() { client.emplace(context.get_executor(), egress, http::ClientOptions{}); }
  void end_loops(boost::asio::awaitable<void> drain) {
    boost::asio::co_spawn(context, std::move(drain), boost::asio::use_future).get();
    boost::asio::post(context, [this] {
      client->close();
      work.reset();
    });
    thread.join();
    client.reset();
  }

  static std::vector<signing::SigningKey> one_key() {
    return {*signing::SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  }
  TenantId add_tenant() {
    domain::Tenant tenant;
    tenant.id = ids.template make<TenantId>();
    tenant.name = "tenant";
    tenant.created_at = clock.now();
    transact([&](store::Transaction& tx) { tx.tenant_writes().insert(tenant); });
    return tenant.id;
  }
  void transact(std::function<void(store::Transaction&)> fn) {
    EXPECT_TRUE(gateway.transact_blocking([&](store::Transaction& tx) -> Result<> {
      fn(tx);
      return {};
    }));
  }
  // Looks again at each commit.
  testing::AssertionResult eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      std::uint64_t seen = 0;
      {
        const std::lock_guard lock(mutex);
        seen = commits;
      }
      if (holds()) return testing::AssertionSuccess();
      std::unique_lock lock(mutex);
      if (!changed.wait_until(lock, deadline, [&] { return commits != seen; })) {
        return testing::AssertionFailure() << "it never came";
      }
    }
  }
  double metric(const std::string& line_start) {
    const auto text = "\n" + metrics.text();
    const auto at = text.find("\n" + line_start + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line_start.size() + 2));
  }

  ClockType clock;
  Random random{secure_seed()};
  std::filesystem::path folder;
  MetricsRegistry metrics;
  std::unique_ptr<TendedBackend> backend;
  IdGenerator ids;
  store::Directory directory;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t commits = 0;
  std::function<void(const store::Committed&)> on_commit;  // set before the first command
  store::Gateway gateway;
  boost::asio::io_context context{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  http::EgressPolicy egress = *http::EgressPolicy::make({"127.0.0.0/8"});
  std::optional<http::Client> client;
  std::thread thread;
};

}  // namespace belfry::outbox
