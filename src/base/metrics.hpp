#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace belfry {

// Prometheus instruments (text format 0.0.4). Instruments are lock-free to update, live as long as
// the registry, and are registered once at construction of the part that owns them.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Latencies in seconds, buckets from 0.5 ms to 60 s.
class Histogram {
 public:
  static constexpr std::array<double, 16> kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  void observe(double seconds);
  std::array<std::uint64_t, kBounds.size() + 1> counts() const;
  double sum() const;

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_micros_{0};
};

class MetricsRegistry {
 public:
  // Names follow the Prometheus naming rules: belfry_ prefix, base units, `_total` for counters.
  // `labels` is the inside of the braces, for example: outcome="completed".
  Counter& counter(std::string name, std::string help, std::string labels = "");
  Histogram& histogram(std::string name, std::string help, std::string labels = "");
  // Read when scraped; must be thread-safe and cheap.
  void gauge(std::string name, std::string help, std::function<double()> read,
             std::string labels = "");
  // The exposition text.
  std::string text() const;

 private:
  struct Entry {
    std::string name, help, labels;
    Counter* counter = nullptr;
    Histogram* histogram = nullptr;
    std::function<double()> gauge;
  };
  void add(Entry entry);

  mutable std::mutex mutex_;
  std::deque<Counter> counters_;
  std::deque<Histogram> histograms_;
  std::vector<Entry> entries_;
};

}  // namespace belfry
