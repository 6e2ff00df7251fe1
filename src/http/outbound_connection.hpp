#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio::ssl {
class context;
}

namespace belfry::http {

// One outbound connection, plain or TLS, with one timer for its whole life: the deadline moves with
// every call (and with idleness), the timer is set anew only when it fires too early or the
// deadline comes nearer. One call at a time, one executor. Operations report the error; after any
// error the connection is only good for closing.
class OutboundConnection : public std::enable_shared_from_this<OutboundConnection>,
                           public boost::intrusive::list_base_hook<
                               boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Error = boost::system::error_code;
  using Endpoint = boost::asio::ip::tcp::endpoint;

  // `key` is what the pool files it under; `slot` is held while it is open.
  OutboundConnection(const boost::asio::any_io_executor& executor, std::string key,
                     std::shared_ptr<const void> slot);
  ~OutboundConnection();

  // Connects to exactly this endpoint and compares the peer afterwards.
  boost::asio::awaitable<Error> connect(Endpoint endpoint);
  // Verifies the certificate for `host` (a name or a literal address).
  boost::asio::awaitable<Error> start_tls(boost::asio::ssl::context& context, std::string host);
  struct Written {
    Error failed;
    bool any = false;  // a byte may have reached the peer
  };
  // Both views must live until the end; they leave in one system call if the kernel takes them.
  boost::asio::awaitable<Written> write(std::string_view head, std::string_view body);
  // Waits for at least one more byte and appends it to `input`.
  boost::asio::awaitable<Error> read_some(std::string& input);

  // False if the deadline has passed, if the peer has ended the connection (FIN, reset,
  // close_notify) or if it has sent something unasked. TLS session tickets are read and do no harm.
  bool usable();
  // Closes with `expired()` set once this time has come.
  void set_deadline(TimePoint deadline);
  bool expired() const { return expired_; }
  // Called once, after it closed, if the deadline comes while nobody uses the connection.
  void set_idle(std::function<void(OutboundConnection&)> on_expired);
  bool used_before() const { return used_before_; }  // it was idle between two calls
  void close();
  bool closed() const { return closed_; }
  const std::string& key() const { return key_; }

 private:
  struct Tls;
  void wait(TimePoint until);

  std::string key_;
  std::shared_ptr<const void> slot_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
  boost::asio::steady_timer timer_;
  TimePoint deadline_ = TimePoint::max();
  TimePoint armed_until_ = TimePoint::max();
  std::function<void(OutboundConnection&)> on_idle_end_;
  bool expired_ = false;
  bool closed_ = false;
  bool used_before_ = false;
};

}  // namespace belfry::http
