#include "http/transport.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <system_error>

namespace belfry::http {
namespace asio = boost::asio;

struct Transport::Tls {
  Tls(asio::ip::tcp::socket& socket, asio::ssl::context& context) : stream(socket, context) {}
  asio::ssl::stream<asio::ip::tcp::socket&> stream;
};

namespace {

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
    : socket_(std::move(socket)) {
  ErrorCodeOf ignored;  // a connection that is gone already says so at its first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (tls != nullptr) {
    tls_ = std::make_unique<Tls>(socket_, *tls);
  }
}

Transport::~Transport() = default;

asio::awaitable<void> Transport::handshake(ErrorCodeOf& error) {
  if (tls_) {
    co_await tls_->stream.async_handshake(asio::ssl::stream_base::server,
                                          asio::redirect_error(asio::use_awaitable, error));
  }
}

asio::awaitable<std::size_t> Transport::read_some(asio::mutable_buffer into, ErrorCodeOf& error) {
  return tls_ ? tls_->stream.async_read_some(into, asio::redirect_error(asio::use_awaitable, error))
              : socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
}

std::size_t Transport::write_now(const std::array<asio::const_buffer, 2>& bytes,
                                 ErrorCodeOf& error) {
  if (tls_) {
    error = asio::error::would_block;
    return 0;
  }
  return socket_.write_some(bytes, error);
}

asio::awaitable<void> Transport::write_all(std::array<asio::const_buffer, 2> bytes,
                                           ErrorCodeOf& error) {
  if (tls_) {
    co_await asio::async_write(tls_->stream, bytes,
                               asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await asio::async_write(socket_, bytes, asio::redirect_error(asio::use_awaitable, error));
  }
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

asio::awaitable<void> Transport::shut_down_sending() {
  ErrorCodeOf ignored;
  if (tls_) {
    co_await tls_->stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Transport::cancel() {
  ErrorCodeOf ignored;
  socket_.cancel(ignored);
}

void Transport::close() {
  ErrorCodeOf ignored;
  socket_.close(ignored);
}

}  // namespace belfry::http
