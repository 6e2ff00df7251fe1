#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <memory>

extern "C" {
struct ssl_st;
struct ssl_ctx_st;
}

namespace belfry::http {

// The server's side of TLS on one non-blocking socket, without a copy of its own of what comes and
// goes: OpenSSL reads and writes the socket itself, and gives its buffers back between records.
// Boost's stream keeps two of 17 KiB per connection and OpenSSL's pair of 34 KiB between them,
// which is too much for ten thousand connections that are silent.
class TlsSession {
 public:
  TlsSession(ssl_ctx_st* context, int socket);
  ~TlsSession();

  enum class Wants { nothing, to_read, to_write };
  // What was done without waiting. `wants` says what to wait for before the same call is made
  // again.
  struct Step {
    std::size_t bytes = 0;
    Wants wants = Wants::nothing;
    boost::system::error_code error;
  };
  Step accept();
  Step read(boost::asio::mutable_buffer into);
  Step write(boost::asio::const_buffer bytes);
  // Tells the peer that nothing more comes (close_notify).
  Step say_farewell();

 private:
  Step after(int result);
  struct Free {
    void operator()(ssl_st* session) const;
  };
  std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace belfry::http
