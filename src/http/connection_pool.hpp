#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/outbound_connection.hpp"

namespace belfry::http {

struct PoolLimits {
  std::size_t idle_per_key = 128;
  std::size_t idle_total = 4'096;   // beyond: the one idle for longest is closed
  std::size_t open_total = 16'192;  // busy and idle; beyond: none is made
};

// The client's connections: idle ones under their key, newest first out; busy ones only so that
// close() reaches them. On one executor, not thread-safe.
class ConnectionPool {
 public:
  ConnectionPool(boost::asio::any_io_executor executor, PoolLimits limits);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // An idle connection that still looks usable, or null.
  std::shared_ptr<OutboundConnection> take(const std::string& key);
  // A new one, not connected yet, in place of the one idle for longest if there is no room; null if
  // all are busy.
  std::shared_ptr<OutboundConnection> make(std::string key);
  // Keeps a connection for the next call, for at most this long; closes it if there is no room.
  void give_back(std::shared_ptr<OutboundConnection> connection, std::chrono::milliseconds idle);
  // Closes everything, busy connections too.
  void close();
  std::size_t idle() const { return idle_count_; }

 private:
  using List =
      boost::intrusive::list<OutboundConnection, boost::intrusive::constant_time_size<false>>;
  void forget(OutboundConnection& connection);
  void close_oldest();

  boost::asio::any_io_executor executor_;
  PoolLimits limits_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<OutboundConnection>>> idle_;
  std::size_t idle_count_ = 0;
  List idle_by_age_;  // oldest first
  List busy_;
  // Each open connection holds a copy: the copies are their number.
  std::shared_ptr<const void> slots_ = std::make_shared<char>();
  bool closed_ = false;
};

}  // namespace belfry::http
