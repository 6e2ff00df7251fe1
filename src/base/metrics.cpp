#include "base/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace belfry {
namespace {

std::string braces(std::string_view labels, std::string_view extra = "") {
  if (labels.empty() && extra.empty()) return "";
  const auto comma = labels.empty() || extra.empty() ? "" : ",";
  return fmt::format("{{{}{}{}}}", labels, comma, extra);
}

void write_histogram(std::string& out, const std::string& name, const std::string& labels,
                     const Histogram& histogram) {
  const auto counts = histogram.counts();
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    const auto bound = i < Histogram::kBounds.size() ? fmt::format("{}", Histogram::kBounds[i])
                                                     : std::string("+Inf");
    out += fmt::format("{}_bucket{} {}\n", name, braces(labels, fmt::format("le=\"{}\"", bound)),
                       below);
  }
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, braces(labels), histogram.sum(), name,
                     braces(labels), below);
}

}  // namespace

void Histogram::observe(double seconds) {
  const auto at = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  counts_[static_cast<std::size_t>(at - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  const auto micros = static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e6);
  sum_micros_.fetch_add(micros, std::memory_order_relaxed);
}

std::array<std::uint64_t, Histogram::kBounds.size() + 1> Histogram::counts() const {
  std::array<std::uint64_t, kBounds.size() + 1> copy{};
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = counts_[i].load();
  return copy;
}

double Histogram::sum() const {
  return static_cast<double>(sum_micros_.load()) / 1e6;
}

void MetricsRegistry::add(Entry entry) {
  // The format wants the series of one name together.
  const auto after = std::find_if(entries_.rbegin(), entries_.rend(),
                                  [&](const Entry& e) { return e.name == entry.name; });
  entries_.insert(after.base() == entries_.begin() ? entries_.end() : after.base(),
                  std::move(entry));
}

Counter& MetricsRegistry::counter(std::string name, std::string help, std::string labels) {
  const std::lock_guard lock(mutex_);
  auto& counter = counters_.emplace_back();
  add({std::move(name), std::move(help), std::move(labels), &counter, nullptr, nullptr});
  return counter;
}

Histogram& MetricsRegistry::histogram(std::string name, std::string help, std::string labels) {
  const std::lock_guard lock(mutex_);
  auto& histogram = histograms_.emplace_back();
  add({std::move(name), std::move(help), std::move(labels), nullptr, &histogram, nullptr});
  return histogram;
}

void MetricsRegistry::gauge(std::string name, std::string help, std::function<double()> read,
                            std::string labels) {
  const std::lock_guard lock(mutex_);
  add({std::move(name), std::move(help), std::move(labels), nullptr, nullptr, std::move(read)});
}

std::string MetricsRegistry::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  const std::string* previous = nullptr;
  for (const auto& entry : entries_) {
    if (!previous || *previous != entry.name) {
      const auto type = entry.counter ? "counter" : entry.histogram ? "histogram" : "gauge";
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", entry.name, entry.help, entry.name, type);
    }
    previous = &entry.name;
    if (entry.counter) {
      out += fmt::format("{}{} {}\n", entry.name, braces(entry.labels), entry.counter->value());
    } else if (entry.histogram) {
      write_histogram(out, entry.name, entry.labels, *entry.histogram);
    } else {
      out += fmt::format("{}{} {}\n", entry.name, braces(entry.labels), entry.gauge());
    }
  }
  return out;
}

}  // namespace belfry
