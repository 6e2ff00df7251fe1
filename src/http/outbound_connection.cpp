#include "http/outbound_connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace belfry::http {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kReadBytes = 4 * 1024;

}  // namespace

struct OutboundConnection::Tls {
  Tls(Tcp::socket& socket, asio::ssl::context& context) : stream(socket, context) {}
  asio::ssl::stream<Tcp::socket&> stream;
};

OutboundConnection::OutboundConnection(const asio::any_io_executor& executor, std::string key,
                                       std::shared_ptr<const void> slot)
    : key_(std::move(key)), slot_(std::move(slot)), socket_(executor), timer_(executor) {}

OutboundConnection::~OutboundConnection() {
  close();
}

asio::awaitable<OutboundConnection::Error> OutboundConnection::connect(Endpoint endpoint) {
  Error failed;
  co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, failed));
  if (failed) co_return failed;
  // Whatever lies between (a redirecting firewall rule), the peer is the one that was checked.
  const auto peer = socket_.remote_endpoint(failed);
  if (failed) co_return failed;
  if (peer != endpoint) co_return asio::error::make_error_code(asio::error::connection_refused);
  socket_.set_option(Tcp::no_delay(true), failed);
  if (!failed) socket_.non_blocking(true, failed);
  co_return failed;
}

asio::awaitable<OutboundConnection::Error> OutboundConnection::start_tls(
    asio::ssl::context& context, std::string host) {
  tls_ = std::make_unique<Tls>(socket_, context);
  Error failed;
  asio::ip::make_address(host, failed);
  const bool is_name = static_cast<bool>(failed);
  if (is_name && SSL_set_tlsext_host_name(tls_->stream.native_handle(), host.c_str()) != 1) {
    co_return asio::error::make_error_code(asio::error::invalid_argument);
  }
  failed.clear();
  tls_->stream.set_verify_callback(asio::ssl::host_name_verification(host), failed);
  if (failed) co_return failed;
  co_await tls_->stream.async_handshake(asio::ssl::stream_base::client,
                                        asio::redirect_error(asio::use_awaitable, failed));
  co_return failed;
}

asio::awaitable<OutboundConnection::Written> OutboundConnection::write(std::string_view head,
                                                                       std::string_view body) {
  Written done;
  std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
  if (tls_) {
    co_await asio::async_write(tls_->stream, parts,
                               asio::redirect_error(asio::use_awaitable, done.failed));
    done.any = true;  // how much of a record the kernel took before an error is not known
    co_return done;
  }
  // The kernel nearly always takes a small request at once, without a trip through the reactor.
  const std::size_t written = socket_.write_some(parts, done.failed);
  done.any = written > 0;
  if (done.failed == asio::error::would_block) done.failed.clear();
  if (done.failed || written == head.size() + body.size()) co_return done;
  const std::size_t of_head = std::min(written, head.size());
  parts = {parts[0] + of_head, parts[1] + (written - of_head)};
  const std::size_t later = co_await asio::async_write(
      socket_, parts, asio::redirect_error(asio::use_awaitable, done.failed));
  done.any = done.any || later > 0;
  co_return done;
}

asio::awaitable<OutboundConnection::Error> OutboundConnection::read_some(std::string& input) {
  Error failed;
  const std::size_t before = input.size();
  input.resize(before + kReadBytes);
  const auto room = asio::buffer(input.data() + before, kReadBytes);
  std::size_t count = 0;
  if (tls_) {
    count = co_await tls_->stream.async_read_some(
        room, asio::redirect_error(asio::use_awaitable, failed));
  } else {
    // An answer is never there yet, so that reading first would be a wasted system call.
    do {
      co_await socket_.async_wait(Tcp::socket::wait_read,
                                  asio::redirect_error(asio::use_awaitable, failed));
      if (!failed) count = socket_.read_some(room, failed);
    } while (failed == asio::error::would_block);
  }
  input.resize(before + count);
  co_return failed;
}

bool OutboundConnection::usable() {
  if (closed_ || expired_ || std::chrono::steady_clock::now() >= deadline_) return false;
  char byte = 0;
  if (tls_) {
    // Reads what has come without waiting: OpenSSL consumes tickets and reports a close_notify. A
    // record that is here in part may be anything, its rest too.
    Error failed;
    const auto count = tls_->stream.read_some(asio::buffer(&byte, 1), failed);
    const SSL* session = tls_->stream.native_handle();
    const bool between_records =
        SSL_has_pending(session) == 0 && SSL_rstate_string(session) == std::string_view("RH");
    return count == 0 && failed == asio::error::would_block && between_records;
  }
  const auto count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void OutboundConnection::set_idle(std::function<void(OutboundConnection&)> on_expired) {
  on_idle_end_ = std::move(on_expired);
  used_before_ = true;
}

void OutboundConnection::set_deadline(TimePoint deadline) {
  deadline_ = deadline;
  if (deadline < armed_until_) wait(deadline);
}

void OutboundConnection::wait(TimePoint until) {
  armed_until_ = until;
  timer_.expires_at(until);  // ends an earlier wait
  timer_.async_wait([weak = weak_from_this()](const Error& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->closed_) return;
    if (std::chrono::steady_clock::now() < self->deadline_) return self->wait(self->deadline_);
    self->expired_ = true;
    self->close();
    if (self->on_idle_end_) self->on_idle_end_(*self);
  });
}

void OutboundConnection::close() {
  if (closed_) return;
  closed_ = true;
  timer_.cancel();
  Error ignored;  // nothing is left to be told
  socket_.close(ignored);
  slot_.reset();
}

}  // namespace belfry::http
