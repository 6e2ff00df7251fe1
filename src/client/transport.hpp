#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "http/client.hpp"

namespace belfry::client {

using SendResult = std::expected<http::OutboundResponse, http::CallError>;

// The asynchronous HTTP client behind a blocking call, on a thread of its own. May dial any
// address: the scheduler's URL is the caller's own choice. Thread-safe.
class Transport {
 public:
  // Trusts the certificates of that PEM file beside the system's; empty: those alone. Throws
  // std::runtime_error if it cannot be read.
  explicit Transport(const std::string& ca_file = {});
  ~Transport();  // no call may be in progress
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Ends with `cancelled` when stopped.
  SendResult send(http::OutboundRequest request, const std::stop_token& stop);

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  http::EgressPolicy policy_;
  std::optional<http::Client> client_;
  std::thread thread_;
};

}  // namespace belfry::client
