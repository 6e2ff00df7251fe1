#include "server/service.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <mutex>

#include "api/app.hpp"
#include "api/signing_keys.hpp"
#include "async/blocking_pool.hpp"
#include "async/io_threads.hpp"
#include "async/task_group.hpp"
#include "async/wake_up.hpp"
#include "auth/secret_places.hpp"
#include "base/encoding.hpp"
#include "http/descriptors.hpp"
#include "http/host_guard.hpp"
#include "openapi.hpp"
#include "server/backup_requests.hpp"
#include "server/clock_watch.hpp"
#include "server/data_folder.hpp"
#include "server/data_watch.hpp"
#include "server/loops.hpp"
#include "server/operator_key.hpp"
#include "server/operators_api.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::server {
namespace {

namespace asio = boost::asio;

constexpr auto kKeyRefresh = std::chrono::minutes{1};
constexpr auto kClockLook = std::chrono::seconds{1};
constexpr int kIoThreadsMax = 8;
// After a peak, what the allocator keeps beyond so much goes back to the system.
constexpr auto kTrimEvery = std::chrono::seconds{10};
constexpr std::size_t kFreeBytesKept = 64 * options::kMiB;

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string url_of(const Config& config, const ListenAddress& at, std::uint16_t port) {
  return options::url_of(at, port, !config.tls_cert.empty());
}

std::string public_url(const Config& config) {
  if (!config.public_url.empty()) return config.public_url;
  return url_of(config, config.listen, config.listen.port);
}

using http::is_loopback;

int thread_count(const Config& config) {
  if (config.io_threads > 0) return config.io_threads;
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(cores, 1, kIoThreadsMax);
}

// One clock for all of the process.
std::unique_ptr<store::Backend> open_store(const Config& config, const DataFolder& folder,
                                           const AnchoredClock& clock) {
  const bool restored = config.restored || folder.restored();
  if (restored) folder.pause();

  store::sqlite::Options options;
  options.path = folder.path() + "/belfry.db";
  options.clock = &clock;
  options.new_issuer = public_url(config);
  options.restored = restored;
  auto backend = store::sqlite::open(options);
  return config.wrap_store ? config.wrap_store(std::move(backend)) : std::move(backend);
}

// Said at every start, since the default depends on --listen.
void tell_registration(const Config& config) {
  const auto registration = registration_of(config);
  const auto* word = registration == api::Registration::open     ? "open to everyone"
                     : registration == api::Registration::invite ? "by invitation"
                                                                 : "closed";
  if (!config.registration && registration == api::Registration::closed) {
    log().warn(
        "registration is closed, since the API listens on {}; open it with "
        "--registration open or invite",
        config.listen.host);
  } else {
    log().info("registration is {}, up to {} tenants", word, config.tenants_max);
  }
}

// The bytes of an IPv4 or IPv6 loopback service need no TLS; anything else should have it.
void warn_about_plain_http(const Config& config) {
  if (!config.tls_cert.empty() || is_loopback(config.listen.host)) return;
  log().warn("the API listens on {} without TLS: keys and tokens travel in clear",
             config.listen.host);
}

}  // namespace

// Members stand in start order; they go in the reverse.
struct Service::Parts {
  explicit Parts(Config given);

  api::Services services();
  api::Options operators_hosts() const;
  http::ServerOptions listen_options(const ListenAddress& at, std::size_t connections) const;
  void refresh_keys();
  asio::awaitable<void> refresh_keys_each_minute();
  asio::awaitable<void> give_back_memory();
  void close_own_ports();
  asio::awaitable<void> stop();
  void look_after_data();
  Result<> resume();
  void storage_broke(const std::string& reason);
  asio::awaitable<void> watch_clock();
  asio::awaitable<bool> accept_clock();
  asio::awaitable<void> record_time();
  std::string why_not_ready() const;
  std::string notes();

  Config config;
  DataFolder folder;
  MetricsRegistry metrics;
  Random random{secure_seed()};
  auth::SealedBox sealed;
  std::string operator_key_hash;
  http::EgressPolicy egress;
  AnchoredClock clock;
  std::unique_ptr<store::Backend> backend;
  ClockWatch clock_watch;
  StoreFiles store_files;
  IdGenerator ids;
  auth::TokenNames names;
  auth::Authenticator authenticator;
  auth::TokenIssuer issuer;
  async::StopSignal stopping;   // the request to stop has come
  async::StopSignal finishing;  // streams and long polls end
  std::atomic<bool> ready{false};
  std::atomic<bool> broken{false};
  store::Directory directory;
  store::LaneSignals lane_signals;
  store::EventFeed feed;
  api::LongCalls long_calls;
  store::Gateway gateway;
  async::IoThreads loop_thread;
  async::IoThreads io_threads;
  async::TaskGroup group;
  async::WakeUp keys_changed;
  Loops loops;
  std::unique_ptr<api::App> app;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Server> operators;
  std::atomic<bool> paused{false};  // after a restore, until an operator resumes
  std::unique_ptr<BackupRequests> backups;
  std::unique_ptr<DataWatch> watch, backup_watch;
  std::mutex stop_mutex;
  std::condition_variable stop_wanted;
  bool stop_requested = false;
};

namespace {

void end_process(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log().error("a loop failed: {}", error.what());
  }
  std::abort();
}

}  // namespace

Service::Parts::Parts(Config given)
    : config(std::move(given)),
      folder(config.data),
      sealed(or_throw(auth::load_or_create_master_key(folder.path() + "/master.key"))),
      operator_key_hash(or_throw(load_or_create_operator_key(folder.path() + "/operator.key"))),
      egress(or_throw(http::EgressPolicy::make(config.egress_allow))),
      backend(open_store(config, folder, clock)),
      clock_watch(clock, backend->facts().newest_time),
      store_files(folder.path()),
      ids(clock, random, backend->facts().highest_id_high),
      names{config.public_url.empty() ? backend->facts().issuer : config.public_url, "belfry"},
      authenticator(clock, names),
      issuer(clock, names, config.token_life),
      feed({}, hex_encode(secure_random_bytes(4)), clock),
      long_calls(config.long_calls),
      gateway(*backend, {}, metrics, [this](const std::string& reason) { storage_broke(reason); }),
      loop_thread(1, end_process),
      io_threads(thread_count(config), end_process),
      group(loop_thread.executors().front(), end_process),
      keys_changed(loop_thread.executors().front()),
      loops(LoopParts{clock, random, gateway, directory, sealed, egress, metrics},
            loop_thread.executors().front(),
            LoopOptions{config.default_target_is_echo, config.retention,
                        config.unused_tenants_kept}) {
  // First the directory: whoever hears of a commit may ask it about the queues in it.
  directory.attach(gateway, *backend);
  gateway.add_listener([this](const store::Committed& committed) {
    lane_signals.on_commit(committed);
    feed.on_commit(committed);
    loops.on_commit(committed);
    if (committed.configuration_changed) lane_signals.wake_all();
  });
  gateway.when_caught_up([this] { server->go_on(); });  // only the server asks whether it is behind
  or_throw(
      api::refresh_signing_keys(gateway, sealed, clock, config.token_life, authenticator, issuer));
  gateway.read_blocking([this](store::Snapshot& snapshot) {
    const auto life = config.token_life;
    auto keys = snapshot.api_keys().revoked_keys_all_tenants(clock.now() - life);
    for (auto& [key, until] : keys) until += life;
    authenticator.restore(snapshot.api_keys().revoked_tokens_all_tenants(), keys);
  });
  metrics.gauge("belfry_ready", "1 while requests are served.", [this] { return ready ? 1 : 0; });
  metrics.gauge("belfry_paused", "1 after a restore, until an operator resumes.",
                [this] { return paused ? 1 : 0; });
  metrics.gauge("belfry_clock_skew_seconds", "Wall clock against the clock in use.",
                [this] { return static_cast<double>(clock.skew().count()) / 1'000.0; });
  metrics.gauge("belfry_clock_in_doubt", "1 while pruning and expiry wait; /readyz says why.",
                [this] { return clock.in_doubt() ? 1 : 0; });
}

api::Services Service::Parts::services() {
  api::Options options;
  options.registration = registration_of(config);
  options.tenants_max = config.tenants_max;
  options.auth_requests_per_second = config.auth_requests_per_second;
  options.tenant_requests_per_second = config.tenant_requests_per_second;
  options.invitation = config.invitation;
  options.cors_origins = config.cors_origins;
  options.allowed_hosts = config.allowed_hosts;
  options.loopback_listener = is_loopback(config.listen.host);
  options.local_time = config.time_zone.rule();
  options.default_target_is_echo = config.default_target_is_echo;
  options.public_url = public_url(config);
  options.issuer = names.issuer;
  options.operator_key_hash = operator_key_hash;
  options.openapi_yaml = std::string(openapi_yaml);
  api::Health health{[this] { return why_not_ready().empty(); }, [this] { return why_not_ready(); },
                     [this] { return notes(); },
                     [text = backend->facts().durability] { return text; }};
  api::Pause pause{[this] { return paused.load(); }, [this] { return resume(); }};
  return {clock,
          ids,
          random,
          gateway,
          directory,
          lane_signals,
          feed,
          long_calls,
          authenticator,
          issuer,
          sealed,
          egress,
          metrics,
          finishing,
          [this] { keys_changed.notify(); },
          [this] { return accept_clock(); },
          std::move(health),
          std::move(pause),
          std::move(options)};
}

api::Options Service::Parts::operators_hosts() const {
  api::Options options;
  options.loopback_listener = is_loopback(config.operators_listen->host);
  if (options.loopback_listener) options.allowed_hosts = config.allowed_hosts;
  return options;
}

http::ServerOptions Service::Parts::listen_options(const ListenAddress& at,
                                                   std::size_t connections) const {
  http::ServerOptions options;
  options.connections_max = std::min(options.connections_max, connections);
  options.address = at.host;
  options.port = at.port;
  return options;
}

std::string Service::Parts::why_not_ready() const {
  if (broken || gateway.broken()) return "the store has failed; the process is ending";
  if (!ready) return "starting or stopping";
  return "";
}

void Service::Parts::refresh_keys() {
  log_and_ignore(
      api::refresh_signing_keys(gateway, sealed, clock, config.token_life, authenticator, issuer),
      "the keys in use stay; tried again in a minute");
}

// The refresh blocks on the store, so it does not run on the loops' thread.
asio::awaitable<void> Service::Parts::refresh_keys_each_minute() {
  async::BlockingPool pool(1);
  while (!stopping.requested()) {
    const auto reason = co_await keys_changed.wait(kKeyRefresh, stopping);
    if (reason == async::WakeUp::Reason::stopped) break;
    std::function<bool()> refresh = [this] {
      refresh_keys();
      return true;
    };
    co_await pool.run<bool>(std::move(refresh));
  }
  pool.join();
}

// The next commit records the time, and a start judges its clock by that.
asio::awaitable<void> Service::Parts::record_time() {
  store::TransactFn nothing = [](store::Transaction&) -> Result<> { return {}; };
  log_and_ignore(co_await gateway.transact(std::move(nothing), store::Purpose::upkeep),
                 "any later commit records the time as well");
}

asio::awaitable<void> Service::Parts::watch_clock() {
  while (co_await async::sleep_for(kClockLook, stopping)) {
    if (clock_watch.look()) co_await record_time();
  }
}

asio::awaitable<bool> Service::Parts::accept_clock() {
  const bool accepted = clock_watch.accept();
  if (accepted) co_await record_time();
  co_return accepted;
}

// glibc returns only what lies at the end of an arena by itself, and one long-lived object keeps
// everything before it.
asio::awaitable<void> Service::Parts::give_back_memory() {
  async::BlockingPool pool(1);
  while (co_await async::sleep_for(kTrimEvery, stopping)) {
    std::function<bool()> trim = [] {
      return mallinfo2().fordblks > kFreeBytesKept && malloc_trim(0) == 1;
    };
    co_await pool.run<bool>(std::move(trim));
  }
  pool.join();
}

void Service::Parts::storage_broke(const std::string& reason) {
  log().error("the store has failed: {}; ending, so that a fresh process can check it", reason);
  broken = true;
  store::sqlite::leave_suspicion(folder.path() + "/belfry.db");
  const std::lock_guard lock(stop_mutex);
  stop_requested = true;
  stop_wanted.notify_all();
}

std::string Service::Parts::notes() {
  constexpr std::string_view kPaused =
      "paused after a restore: nothing runs until an operator sends POST /api/v1/admin/resume";
  auto clocks = clock_watch.notes();
  if (!paused) return clocks;
  return clocks.empty() ? std::string(kPaused) : fmt::format("{}; {}", kPaused, clocks);
}

// Once a second, on the watch's thread.
void Service::Parts::look_after_data() {
  if (auto trouble = store_files.trouble(); !trouble.empty()) gateway.report_broken(trouble);
}

// What ran before the restore may run again from now on: the operator has decided so.
Result<> Service::Parts::resume() {
  if (!paused) return {};
  try {
    folder.resume();
  } catch (const std::exception& failure) {
    return fail(ErrorCode::storage_unavailable, failure.what());
  }
  if (!paused.exchange(false)) return {};
  log().warn("resumed by an operator: tasks run and webhooks are delivered");
  asio::post(loop_thread.executors().front(), [this] {
    if (!stopping.requested()) loops.start();
  });
  lane_signals.wake_all();
  return {};
}

void Service::Parts::close_own_ports() {
  std::vector<std::uint16_t> ports{server->port()};
  if (operators) ports.push_back(operators->port());
  egress.close_own_ports(std::move(ports));
}

// The stop order, once.
asio::awaitable<void> Service::Parts::stop() {
  const auto deadline = std::chrono::steady_clock::now() + config.drain;
  const auto left = [&] {
    return std::max(Millis{0},
                    std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now()));
  };
  ready = false;
  stopping.request();
  loops.stop_claiming();
  finishing.request();
  co_await server->stop(left() / 2);
  co_await loops.drain(left());
  if (operators) co_await operators->stop(Millis{1'000});
  co_await group.join();
}

Service::Service(Config config) : parts_(std::make_unique<Parts>(std::move(config))) {
  auto& p = *parts_;
  warn_about_plain_http(p.config);
  tell_registration(p.config);
  p.app = std::make_unique<api::App>(p.services());
  const auto descriptors = http::descriptor_shares().accepted;
  auto options = p.listen_options(p.config.listen, descriptors * 3 / 4);
  if (options.connections_max < http::ServerOptions{}.connections_max) {
    log().warn("the limit of open files (RLIMIT_NOFILE) allows {} connections to the API",
               options.connections_max);
  }
  options.tls_cert_file = p.config.tls_cert;
  options.tls_key_file = p.config.tls_key;
  options.trusted_proxies = p.config.trusted_proxies;
  options.connections_per_address_max = p.config.connections_per_address;
  options.stall_time = p.config.stall;
  options.answers = p.config.answers;
  p.server = std::make_unique<http::Server>(p.io_threads.executors(), options, p.app->hooks());
  if (p.config.operators_listen) {
    p.operators = std::make_unique<http::Server>(
        p.loop_thread.executors(), p.listen_options(*p.config.operators_listen, descriptors / 8),
        operators_hooks(p.metrics, {[&p] { return p.why_not_ready(); }, [&p] { return p.notes(); }},
                        p.operators_hosts()));
    p.operators->start();
  }
  p.close_own_ports();
  p.group.spawn(p.refresh_keys_each_minute());
  p.group.spawn(p.watch_clock());
  p.group.spawn(p.give_back_memory());
  p.watch = std::make_unique<DataWatch>([&p] { p.look_after_data(); });
  p.backups = std::make_unique<BackupRequests>(p.folder.path(), *p.backend, p.gateway,
                                               [&p] { return p.stopping.requested(); });
  p.backup_watch = std::make_unique<DataWatch>([&p] { p.backups->round(); });
  p.paused = p.folder.paused();
  if (p.paused) {
    log().warn(
        "started paused after a restore: nothing runs, fires or is delivered until "
        "POST /api/v1/admin/resume");
  } else {
    p.loops.start();
  }
  p.folder.complete();
  p.ready = true;
  p.server->start();
}

Service::~Service() = default;

std::string Service::url() const {
  return url_of(parts_->config, parts_->config.listen, parts_->server->port());
}

std::string Service::operators_url() const {
  if (!parts_->operators) return "";
  const auto& at = *parts_->config.operators_listen;
  return fmt::format("http://{}:{}", at.host, parts_->operators->port());
}

void Service::request_stop() {
  const std::lock_guard lock(parts_->stop_mutex);
  parts_->stop_requested = true;
  parts_->stop_wanted.notify_all();
}

int Service::wait() {
  auto& p = *parts_;
  {
    std::unique_lock lock(p.stop_mutex);
    p.stop_wanted.wait(lock, [&] { return p.stop_requested; });
  }
  if (p.broken) {
    // Nothing may be acknowledged any more, and nothing that is in memory is worth saving.
    log().error("exit after a storage failure");
    std::_Exit(1);
  }
  asio::co_spawn(p.loop_thread.executors().front(), p.stop(), asio::use_future).get();
  p.io_threads.join();
  p.watch.reset();
  p.backup_watch.reset();
  p.gateway.stop();
  p.loop_thread.join();
  return 0;
}

}  // namespace belfry::server
