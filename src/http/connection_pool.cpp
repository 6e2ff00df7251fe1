#include "http/connection_pool.hpp"

#include <algorithm>

namespace belfry::http {

ConnectionPool::ConnectionPool(boost::asio::any_io_executor executor, PoolLimits limits)
    : executor_(std::move(executor)), limits_(limits) {}

ConnectionPool::~ConnectionPool() {
  close();
}

std::shared_ptr<OutboundConnection> ConnectionPool::take(const std::string& key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& kept = found->second;
  while (!kept.empty()) {
    auto connection = std::move(kept.back());
    kept.pop_back();
    --idle_count_;
    connection->set_idle(nullptr);
    connection->unlink();
    if (connection->usable()) {
      busy_.push_back(*connection);
      return connection;
    }
    connection->close();
  }
  return nullptr;
}

std::shared_ptr<OutboundConnection> ConnectionPool::make(std::string key) {
  const auto full = [this] {
    return static_cast<std::size_t>(slots_.use_count() - 1) >= limits_.open_total;
  };
  if (full() && !idle_by_age_.empty()) close_oldest();
  if (full()) return nullptr;
  auto connection = std::make_shared<OutboundConnection>(executor_, std::move(key), slots_);
  busy_.push_back(*connection);
  return connection;
}

void ConnectionPool::give_back(std::shared_ptr<OutboundConnection> connection,
                               std::chrono::milliseconds idle) {
  connection->unlink();
  if (closed_ || connection->closed() || limits_.idle_total == 0) return connection->close();
  // An empty list stays for the next call to the same place; too many of them do not.
  if (idle_.size() > limits_.idle_total) {
    std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
  }
  auto& kept = idle_[connection->key()];
  if (kept.size() >= limits_.idle_per_key) return connection->close();
  connection->set_idle([this](OutboundConnection& ended) { forget(ended); });
  connection->set_deadline(std::chrono::steady_clock::now() + idle);
  idle_by_age_.push_back(*connection);
  kept.push_back(std::move(connection));
  if (++idle_count_ > limits_.idle_total) close_oldest();
}

void ConnectionPool::close_oldest() {
  auto& oldest = idle_by_age_.front();
  oldest.close();
  forget(oldest);
}

void ConnectionPool::forget(OutboundConnection& connection) {
  connection.unlink();
  const auto found = idle_.find(connection.key());
  if (found == idle_.end()) return;
  auto& kept = found->second;
  const auto at = std::ranges::find_if(
      kept, [&](const auto& candidate) { return candidate.get() == &connection; });
  if (at == kept.end()) return;
  const auto last_owner = std::move(*at);
  kept.erase(at);
  --idle_count_;
  if (kept.empty()) idle_.erase(found);
}

void ConnectionPool::close() {
  closed_ = true;
  for (auto& connection : busy_) connection.close();
  for (auto& [key, kept] : idle_) {
    for (auto& connection : kept) {
      connection->set_idle(nullptr);
      connection->close();
    }
  }
  idle_.clear();
  idle_count_ = 0;
}

}  // namespace belfry::http
