#include "offered_load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace belfry::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kPerAddress = 500;
constexpr Seconds kLastAnswers{10};

class Connection {
 public:
  Connection(int port, std::size_t number) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number / kPerAddress));
    sockaddr_in peer = own;
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer.sin_port = htons(static_cast<std::uint16_t>(port));
    const int on = 1;
    const bool connected =
        ::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
        ::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0;
    if (!connected) throw std::runtime_error("cannot connect to the scheduler");
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  bool busy() const { return busy_; }

  void send(std::string_view request) {
    sent_ = Clock::now();
    busy_ = true;
    while (!request.empty()) {
      const auto n = ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error("the scheduler closed a connection");
      request.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  // True once the answer is whole.
  bool receive() {
    std::array<char, 4096> part;
    const auto n = ::recv(fd_, part.data(), part.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (n <= 0) throw std::runtime_error("the scheduler closed a connection");
    in_.append(part.data(), static_cast<std::size_t>(n));
    const auto head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const auto field = in_.find("Content-Length: ");
    const auto length = field < head ? std::strtoul(in_.c_str() + field + 16, nullptr, 10) : 0;
    return in_.size() >= head + 4 + length;
  }

  std::pair<int, double> take() {
    const int status = std::atoi(in_.c_str() + std::string_view("HTTP/1.1 ").size());
    in_.clear();
    busy_ = false;
    return {status, std::chrono::duration<double, std::milli>(Clock::now() - sent_).count()};
  }

 private:
  int fd_;
  bool busy_ = false;
  Clock::time_point sent_;
  std::string in_;
};

class Loader {
 public:
  explicit Loader(const OfferedLoad& load) : load_(load), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < load.connections; ++i) {
      auto& connection = connections_.emplace_back(std::make_unique<Connection>(load.port, i));
      epoll_event event{.events = EPOLLIN, .data = {.ptr = connection.get()}};
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, connection->fd(), &event);
      free_.push_back(connection.get());
    }
  }
  ~Loader() { ::close(poll_); }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  Answered run() {
    const auto began = Clock::now();
    const auto end = began + Seconds(load_.seconds);
    double due = 0;
    for (auto now = began; now < end; now = Clock::now()) {
      if (load_.per_second == 0) {
        while (send()) {
        }
      } else {
        const double wanted = Seconds(now - began).count() * load_.per_second;
        for (; due < wanted; ++due) {
          if (!send()) ++answered_.unsent;
        }
      }
      collect(1);
    }
    answered_.seconds = Seconds(Clock::now() - began).count();
    const auto last = Clock::now() + kLastAnswers;
    while (free_.size() < connections_.size() && Clock::now() < last) collect(10);
    if (free_.size() < connections_.size()) throw std::runtime_error("some got no answer in 10 s");
    return std::move(answered_);
  }

 private:
  bool send() {
    if (free_.empty()) return false;
    auto* connection = free_.back();
    free_.pop_back();
    connection->send(load_.request);
    return true;
  }

  void collect(int wait_ms) {
    std::array<epoll_event, 256> events;
    const int n = ::epoll_wait(poll_, events.data(), events.size(), wait_ms);
    for (int i = 0; i < n; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!connection->receive()) continue;
      const auto [status, ms] = connection->take();
      answered_.ms_by_status[status].push_back(ms);
      free_.push_back(connection);
    }
  }

  const OfferedLoad& load_;
  int poll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  Answered answered_;
};

}  // namespace

std::size_t Answered::count(int status) const {
  const auto found = ms_by_status.find(status);
  return found == ms_by_status.end() ? 0 : found->second.size();
}

double Answered::per_second(int status) const {
  return seconds > 0 ? static_cast<double>(count(status)) / seconds : 0;
}

Answered offer(const OfferedLoad& load) {
  return Loader(load).run();
}

}  // namespace belfry::bench
