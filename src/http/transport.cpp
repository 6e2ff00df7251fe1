#include "http/transport.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <system_error>

namespace belfry::http {
namespace asio = boost::asio;

namespace {

constexpr int kUnsentBytesMax = 128 * 1024;

void require(const ErrorCodeOf& error, const std::string& what) {
  if (error) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                            what + ": " + error.message());
  }
}

}  // namespace

std::shared_ptr<asio::ssl::context> make_tls_context(const std::string& cert_file,
                                                     const std::string& key_file) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  ErrorCodeOf error;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION |
                       SSL_OP_CIPHER_SERVER_PREFERENCE);
  // TLS 1.3's suites are forward secret already; these are what is left of 1.2.
  SSL_CTX_set_cipher_list(context->native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  context->use_certificate_chain_file(cert_file, error);
  require(error, "cannot use the TLS certificate " + cert_file);
  context->use_private_key_file(key_file, asio::ssl::context::pem, error);
  require(error, "cannot use the TLS key " + key_file);
  return context;
}

Transport::Transport(asio::ip::tcp::socket socket, asio::ssl::context* tls)
    : socket_(std::move(socket)), context_(tls) {
  ErrorCodeOf ignored;  // a connection that is gone already says so at its first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // A reader that takes nothing holds no more than this of the kernel's memory besides what its own
  // window lets through; without it the kernel would take megabytes.
  const int unsent = kUnsentBytesMax;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

Transport::~Transport() = default;

// Ends with what `step` did without waiting, after as many waits as it needs.
asio::awaitable<std::size_t> Transport::when_ready(std::function<TlsSession::Step()> step,
                                                   ErrorCodeOf& error) {
  for (;;) {
    const auto done = step();
    error = done.error;
    if (done.wants == TlsSession::Wants::nothing) co_return done.bytes;
    co_await socket_.async_wait(done.wants == TlsSession::Wants::to_read
                                    ? asio::ip::tcp::socket::wait_read
                                    : asio::ip::tcp::socket::wait_write,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return 0;
  }
}

// Nothing is allocated for a peer that says nothing.
asio::awaitable<void> Transport::handshake(ErrorCodeOf& error) {
  if (context_ == nullptr) co_return;
  co_await wait_readable(error);
  if (error) co_return;
  tls_ = std::make_unique<TlsSession>(context_->native_handle(), socket_.native_handle());
  co_await when_ready([this] { return tls_->accept(); }, error);
}

asio::awaitable<std::size_t> Transport::read_some(asio::mutable_buffer into, ErrorCodeOf& error) {
  if (!tls_) {
    return socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  }
  return when_ready([this, into] { return tls_->read(into); }, error);
}

asio::awaitable<std::size_t> Transport::read_raw(asio::mutable_buffer into, ErrorCodeOf& error) {
  return socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
}

std::size_t Transport::write_now(const std::array<asio::const_buffer, 2>& bytes,
                                 ErrorCodeOf& error) {
  if (!tls_) return socket_.write_some(bytes, error);
  std::size_t count = 0;
  for (auto rest : bytes) {
    while (rest.size() > 0) {
      const auto done = tls_->write(rest);
      error = done.error;
      if (done.wants != TlsSession::Wants::nothing) error = asio::error::would_block;
      if (error) return count;
      rest += done.bytes;
      count += done.bytes;
    }
  }
  return count;
}

asio::awaitable<std::size_t> Transport::write_some(std::array<asio::const_buffer, 2> bytes,
                                                   ErrorCodeOf& error) {
  if (!tls_) {
    return socket_.async_write_some(bytes, asio::redirect_error(asio::use_awaitable, error));
  }
  const auto first = bytes[0].size() > 0 ? bytes[0] : bytes[1];
  return when_ready([this, first] { return tls_->write(first); }, error);
}

asio::awaitable<void> Transport::wait_readable(ErrorCodeOf& error) {
  return socket_.async_wait(asio::ip::tcp::socket::wait_read,
                            asio::redirect_error(asio::use_awaitable, error));
}

void Transport::on_readable(std::function<void(ErrorCodeOf)> readable) {
  socket_.async_wait(asio::ip::tcp::socket::wait_read, std::move(readable));
}

// The kernel's state of the connection, and no look at the next byte: that one may be of the next
// request, or TLS's word of parting.
bool Transport::peer_closed() {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
         info.tcpi_state != TCP_ESTABLISHED;
}

// The peer's own farewell is not waited for.
asio::awaitable<void> Transport::shut_down_sending() {
  ErrorCodeOf ignored;
  if (tls_) co_await when_ready([this] { return tls_->say_farewell(); }, ignored);
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Transport::cancel() {
  ErrorCodeOf ignored;
  socket_.cancel(ignored);
}

void Transport::drop_unsent() {
  ErrorCodeOf ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

void Transport::close() {
  ErrorCodeOf ignored;
  socket_.close(ignored);
}

}  // namespace belfry::http
