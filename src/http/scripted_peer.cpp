#include "http/scripted_peer.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/check.hpp"

namespace belfry::http {

// One connection, blocking.
struct ScriptedPeer::Conversation {
  int fd;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls{nullptr, &SSL_free};
  std::string input = {};

  bool read() {
    char buffer[4'096];
    const auto count = tls ? SSL_read(tls.get(), buffer, sizeof buffer)
                           : static_cast<int>(::recv(fd, buffer, sizeof buffer, 0));
    if (count <= 0) return false;
    input.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  bool write(const std::string& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto left = bytes.size() - done;
      const auto count =
          tls ? SSL_write(tls.get(), bytes.data() + done, static_cast<int>(left))
              : static_cast<int>(::send(fd, bytes.data() + done, left, MSG_NOSIGNAL));
      if (count <= 0) return false;
      done += static_cast<std::size_t>(count);
    }
    return true;
  }

  // One request with its Content-Length body, or nothing once the client has gone.
  std::optional<std::string> read_request() {
    std::size_t end = std::string::npos;
    while ((end = input.find("\r\n\r\n")) == std::string::npos) {
      if (!read()) return std::nullopt;
    }
    end += 4;
    const auto length_at = input.find("Content-Length: ");
    if (length_at < end) end += std::strtoul(input.c_str() + length_at + 16, nullptr, 10);
    while (input.size() < end) {
      if (!read()) return std::nullopt;
    }
    std::string request = input.substr(0, end);
    input.erase(0, end);
    return request;
  }
};

namespace {

// Until the client's kernel has acknowledged all that was sent, an end too.
void wait_until_taken(int fd) {
  int unacknowledged = 0;
  while (::ioctl(fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0) {
    std::this_thread::yield();
  }
}

void send_half_a_record(int fd) {
  constexpr char kBegun[] = {0x17, 0x03, 0x03, 0x00, 0x40, 0x01, 0x02};
  CHECK(::send(fd, kBegun, sizeof kBegun, MSG_NOSIGNAL) == sizeof kBegun);
}

// False if the connection is to be closed.
bool follow(int fd, SSL* tls, Then then) {
  switch (then) {
    case Then::go_on:
      return true;
    case Then::ticket:
      CHECK(SSL_new_session_ticket(tls) == 1 && SSL_do_handshake(tls) == 1);
      break;
    case Then::close_notify:
      CHECK(SSL_shutdown(tls) >= 0);
      break;
    case Then::half_record:
      send_half_a_record(fd);
      break;
    case Then::unasked:
      CHECK(::send(fd, "HTTP/1.1 408", 12, MSG_NOSIGNAL) == 12);
      break;
    case Then::half_and_fin:
      send_half_a_record(fd);
      [[fallthrough]];
    case Then::fin:
      ::shutdown(fd, SHUT_WR);
      wait_until_taken(fd);
      return false;
    case Then::reset: {
      wait_until_taken(fd);
      const linger at_once{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      return false;
    }
  }
  wait_until_taken(fd);
  return true;
}

// A socket on 127.0.0.1 that does not listen yet; `port` 0 becomes the one that it got.
int bound_socket(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  CHECK(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  socklen_t size = sizeof at;
  CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0);
  CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  port = ntohs(at.sin_port);
  return fd;
}

}  // namespace

ClosedPort::ClosedPort() : fd_(bound_socket(port_)) {}

ClosedPort::~ClosedPort() {
  ::close(fd_);
}

ScriptedPeer::ScriptedPeer(std::vector<Act> script, SSL_CTX* tls, std::uint16_t port)
    : script_(std::move(script)), tls_(tls), port_(port) {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  listener_ = bound_socket(port_);
  CHECK(::listen(listener_, 128) == 0);
  acceptor_ = std::thread([this] { accept_loop(); });
}

ScriptedPeer::~ScriptedPeer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedPeer::accept_loop() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (stopping_ || fd < 0) {
      if (fd >= 0) ::close(fd);
      return;
    }
    ++connections_;
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
    changed_.notify_all();
  }
}

void ScriptedPeer::serve(int fd) {
  bool acted = false;  // the last act's end is the close
  {
    Conversation with{fd};
    bool going = true;
    if (tls_ != nullptr) {
      with.tls.reset(SSL_new(tls_));
      SSL_set_fd(with.tls.get(), fd);
      going = SSL_accept(with.tls.get()) == 1;
    }
    while (going) {
      auto request = with.read_request();
      if (!request) break;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(*request));
      }
      changed_.notify_all();
      const auto act = next_act();
      going = perform(with, act) && follow(fd, with.tls.get(), act.then);
      acted = !going;
      if (going) count_act();
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
  if (acted) ++acts_done_;
  changed_.notify_all();
}

bool ScriptedPeer::perform(Conversation& with, const Act& act) {
  do {
    if (!with.write(act.send)) return false;
  } while (act.repeat_forever);
  while (act.hang) {
    if (!with.read()) return false;
  }
  return !act.close_after;
}

void ScriptedPeer::count_act() {
  const std::lock_guard lock(mutex_);
  ++acts_done_;
  changed_.notify_all();
}

void ScriptedPeer::wait_for_acts(std::size_t count) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return acts_done_ >= count; });
}

Act ScriptedPeer::next_act() {
  const std::lock_guard lock(mutex_);
  const std::size_t at = std::min(acts_taken_++, script_.size() - 1);
  return script_[at];
}

std::size_t ScriptedPeer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

std::vector<std::string> ScriptedPeer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedPeer::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return requests_.size() >= count; });
}

void ScriptedPeer::drop_connections() {
  std::unique_lock lock(mutex_);
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  changed_.wait(lock, [&] { return open_.empty(); });
}

}  // namespace belfry::http
