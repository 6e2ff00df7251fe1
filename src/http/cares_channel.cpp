#include "http/cares_channel.hpp"

#include <ares.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>

#include "base/check.hpp"

namespace belfry::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kAddressesMax = 16;  // of one name

void init_library() {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS); });
}

// A socket that c-ares owns, watched by the executor. It is released, never closed, here.
struct Watched {
  Watched(const asio::any_io_executor& executor, ares_socket_t fd) : descriptor(executor, fd) {}
  asio::posix::stream_descriptor descriptor;
  bool read = false;
  bool write = false;
  bool reading = false;
  bool writing = false;
};

}  // namespace

struct CaresChannel::State {
  State(asio::any_io_executor executor, const ChannelOptions& with);
  ~State();
  void ask(const std::string& host, Done done);

  static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
  static void on_answer(void* done, int status, int timeouts, ares_addrinfo* info);
  void watch(ares_socket_t fd, bool read, bool write);
  void wait(const std::shared_ptr<Watched>& watched);
  void wait_for_timeout();
  void process(ares_socket_t readable, ares_socket_t writable);

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Watched>> sockets_;
  // Handlers already queued when this dies look here first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

CaresChannel::State::State(asio::any_io_executor executor, const ChannelOptions& with)
    : executor_(std::move(executor)), timer_(executor_) {
  init_library();
  ares_options options{};
  char lookups[] = "fb";  // the hosts file, then DNS
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS;
  if (with.datagrams_only) options.flags |= ARES_FLAG_IGNTC;
  options.ednspsz = with.answer_bytes_max;
  options.timeout = static_cast<int>(with.first_try.count());
  options.tries = with.tries;
  options.ndots = 0;     // every name is asked as it is written,
  options.ndomains = 0;  // and never with a search domain (1.18 ignores NOSEARCH here)
  options.lookups = lookups;
  options.sock_state_cb = &State::on_socket;
  options.sock_state_cb_data = this;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                   ARES_OPT_NDOTS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  int status = ares_init_options(&channel_, &options, mask);
  if (status == ARES_SUCCESS && !with.servers.empty()) {
    status = ares_set_servers_ports_csv(channel_, with.servers.c_str());
    if (status != ARES_SUCCESS) ares_destroy(channel_);
  }
  if (status != ARES_SUCCESS) {
    throw std::runtime_error(std::string("cannot start the resolver: ") + ares_strerror(status));
  }
}

CaresChannel::State::~State() {
  *alive_ = false;
  ares_destroy(channel_);  // answers what is open with ARES_EDESTRUCTION and closes its sockets
  for (auto& [fd, watched] : sockets_) watched->descriptor.release();
}

void CaresChannel::State::ask(const std::string& host, Done done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  auto owned = std::make_unique<Done>(std::move(done));
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &State::on_answer, owned.release());
  wait_for_timeout();
}

namespace {

Answered outcome_of(int status, const Resolution& answer) {
  if (!answer.addresses.empty()) return Answered::found;
  const bool nowhere = status == ARES_ENOTFOUND || status == ARES_EBADNAME;
  // A name whose answer was thrown away has one.
  return nowhere || status == ARES_SUCCESS ? Answered::no_such_name : Answered::not_now;
}

}  // namespace

void CaresChannel::State::on_answer(void* done, int status, int, ares_addrinfo* info) {
  const std::unique_ptr<Done> owned(static_cast<Done*>(done));
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> list(info, &ares_freeaddrinfo);
  Resolution answer;
  if (status == ARES_SUCCESS && list != nullptr) {
    std::vector<asio::ip::address> v6;
    int ttl = std::numeric_limits<int>::max();
    for (const auto* node = list->nodes; node != nullptr; node = node->ai_next) {
      ttl = std::min(ttl, node->ai_ttl);
      if (node->ai_family == AF_INET) {
        const auto* at = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
        answer.addresses.emplace_back(asio::ip::address_v4(ntohl(at->sin_addr.s_addr)));
      } else if (node->ai_family == AF_INET6) {
        const auto* at = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
        asio::ip::address_v6::bytes_type bytes;
        std::copy_n(at->sin6_addr.s6_addr, bytes.size(), bytes.begin());
        v6.emplace_back(asio::ip::address_v6(bytes));
      }
    }
    answer.addresses.insert(answer.addresses.end(), v6.begin(), v6.end());
    answer.ttl = std::chrono::seconds(std::max(ttl, 0));
  }
  // More addresses than anybody needs are an attack on the check; such a name has no answer.
  if (answer.addresses.size() > kAddressesMax) answer.addresses.clear();
  (*owned)(outcome_of(status, answer), std::move(answer));
}

void CaresChannel::State::on_socket(void* self, ares_socket_t fd, int readable, int writable) {
  static_cast<State*>(self)->watch(fd, readable != 0, writable != 0);
}

void CaresChannel::State::watch(ares_socket_t fd, bool read, bool write) {
  auto found = sockets_.find(fd);
  if (!read && !write) {
    if (found == sockets_.end()) return;
    found->second->read = found->second->write = false;
    found->second->descriptor.release();  // c-ares closes it next
    sockets_.erase(found);
    return;
  }
  if (found == sockets_.end()) {
    found = sockets_.emplace(fd, std::make_shared<Watched>(executor_, fd)).first;
  }
  found->second->read = read;
  found->second->write = write;
  wait(found->second);
}

void CaresChannel::State::wait(const std::shared_ptr<Watched>& watched) {
  using Wait = asio::posix::descriptor_base::wait_type;
  const auto start = [&](Wait type, bool Watched::* wanted, bool Watched::* running) {
    if (!((*watched).*wanted) || (*watched).*running) return;
    (*watched).*running = true;
    watched->descriptor.async_wait(type, [this, alive = alive_, watched, type, wanted,
                                          running](const boost::system::error_code& failed) {
      (*watched).*running = false;
      if (!*alive || failed || !((*watched).*wanted)) return;
      const auto fd = watched->descriptor.native_handle();
      process(type == Wait::wait_read ? fd : ARES_SOCKET_BAD,
              type == Wait::wait_write ? fd : ARES_SOCKET_BAD);
      if (*alive && watched->descriptor.is_open()) wait(watched);
    });
  };
  start(Wait::wait_read, &Watched::read, &Watched::reading);
  start(Wait::wait_write, &Watched::write, &Watched::writing);
}

void CaresChannel::State::process(ares_socket_t readable, ares_socket_t writable) {
  const auto alive = alive_;
  ares_process_fd(channel_, readable, writable);
  if (*alive) wait_for_timeout();
}

void CaresChannel::State::wait_for_timeout() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec) +
                       std::chrono::milliseconds(1));
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& cancelled) {
    if (*alive && !cancelled) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

CaresChannel::CaresChannel(asio::any_io_executor executor, const ChannelOptions& options)
    : state_(std::make_unique<State>(std::move(executor), options)) {}

CaresChannel::~CaresChannel() = default;

void CaresChannel::ask(const std::string& host, Done done) {
  state_->ask(host, std::move(done));
}

}  // namespace belfry::http
