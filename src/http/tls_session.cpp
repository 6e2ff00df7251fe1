#include "http/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <limits>

namespace belfry::http {
namespace {

namespace asio = boost::asio;

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int clamp_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

bool may_pass() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int receive(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto count = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0);
  if (count < 0 && may_pass()) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

// OpenSSL's own would raise SIGPIPE where the peer has gone.
int send(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto count = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && may_pass()) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "belfry socket");
    BIO_meth_set_read(method, receive);
    BIO_meth_set_write(method, send);
    BIO_meth_set_ctrl(method, control);
    return method;
  }();
  return kMethod;
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* session) const {
  SSL_free(session);
}

TlsSession::TlsSession(ssl_ctx_st* context, int socket) : session_(SSL_new(context)) {
  BIO* bio = BIO_new(socket_method());
  if (!session_ || bio == nullptr) {
    BIO_free(bio);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  SSL_set_accept_state(session_.get());
  SSL_set_mode(session_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

TlsSession::~TlsSession() = default;

TlsSession::Step TlsSession::after(int result) {
  Step step;
  if (result > 0) {
    step.bytes = static_cast<std::size_t>(result);
    return step;
  }
  const int system_error = errno;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      step.wants = Wants::to_read;
      break;
    case SSL_ERROR_WANT_WRITE:
      step.wants = Wants::to_write;
      break;
    case SSL_ERROR_ZERO_RETURN:
      step.error = asio::error::eof;
      break;
    case SSL_ERROR_SYSCALL:
      step.error = system_error == 0
                       ? boost::system::error_code(asio::ssl::error::stream_truncated)
                       : boost::system::error_code(system_error, boost::system::system_category());
      break;
    default:
      step.error = boost::system::error_code(static_cast<int>(ERR_peek_last_error()),
                                             asio::error::get_ssl_category());
      if (!step.error) step.error = asio::ssl::error::unexpected_result;
  }
  return step;
}

// OpenSSL's queue of errors belongs to the thread: one of another connection must not be taken for
// this one's.
TlsSession::Step TlsSession::accept() {
  ERR_clear_error();
  errno = 0;
  auto step = after(SSL_accept(session_.get()));
  step.bytes = 0;
  return step;
}

TlsSession::Step TlsSession::read(boost::asio::mutable_buffer into) {
  ERR_clear_error();
  errno = 0;
  return after(SSL_read(session_.get(), into.data(), clamp_size(into.size())));
}

TlsSession::Step TlsSession::write(boost::asio::const_buffer bytes) {
  if (bytes.size() == 0) return {};
  ERR_clear_error();
  errno = 0;
  return after(SSL_write(session_.get(), bytes.data(), clamp_size(bytes.size())));
}

TlsSession::Step TlsSession::say_farewell() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_shutdown(session_.get());
  return result >= 0 ? Step{} : after(result);
}

}  // namespace belfry::http
