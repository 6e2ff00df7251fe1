#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <string>

#include "http/tls_session.hpp"

namespace boost::asio::ssl {
class context;
}

namespace belfry::http {

using ErrorCodeOf = boost::system::error_code;

// A TLS 1.2+ server context with forward secrecy and without renegotiation. Throws
// std::system_error when the certificate or key cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const std::string& cert_file,
                                                            const std::string& key_file);

// The bytes of one accepted connection, plain or TLS. One read and one write at a time, all on the
// socket's executor. Errors come through the references given, which must outlive the wait.
class Transport {
 public:
  // `tls` may be null: plain.
  Transport(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);
  ~Transport();

  boost::asio::ip::tcp::socket& socket() { return socket_; }
  boost::asio::awaitable<void> handshake(ErrorCodeOf& error);  // does nothing when plain
  boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into,
                                                ErrorCodeOf& error);
  // What comes, as it comes: of TLS the records. To throw away.
  boost::asio::awaitable<std::size_t> read_raw(boost::asio::mutable_buffer into,
                                               ErrorCodeOf& error);
  // Writes what the kernel takes without waiting; would_block if that is nothing.
  std::size_t write_now(const std::array<boost::asio::const_buffer, 2>& bytes, ErrorCodeOf& error);
  // Writes something, once the kernel takes it.
  boost::asio::awaitable<std::size_t> write_some(std::array<boost::asio::const_buffer, 2> bytes,
                                                 ErrorCodeOf& error);
  // Waits until bytes or the end of the peer can be read, without reading.
  boost::asio::awaitable<void> wait_readable(ErrorCodeOf& error);
  // Calls once bytes or the end of the peer can be read, or with operation_aborted.
  void on_readable(std::function<void(ErrorCodeOf)> readable);
  // True if the peer has closed its side; what it sent before may be left to read.
  bool peer_closed();
  // Tells the peer that nothing more comes.
  boost::asio::awaitable<void> shut_down_sending();
  // Ends every wait that has begun, with operation_aborted.
  void cancel();
  void close();
  // Drops what the peer has not taken: the close resets the connection, and the kernel keeps
  // nothing.
  void drop_unsent();

 private:
  boost::asio::awaitable<std::size_t> when_ready(std::function<TlsSession::Step()> step,
                                                 ErrorCodeOf& error);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::ssl::context* context_;  // null: plain
  std::unique_ptr<TlsSession> tls_;     // from the peer's first byte on
};

}  // namespace belfry::http
