#include "http/address_counts.hpp"

#include <utility>

namespace belfry::http {

AddressCounts::Entry::Entry(AddressCounts& counts, std::string address, bool counted)
    : counts_(counted ? &counts : nullptr), address_(std::move(address)) {
  if (counts_ == nullptr) return;
  verdict_ = counts_->enter(address_);
  if (verdict_ == Verdict::close) counts_ = nullptr;
}

AddressCounts::Entry::~Entry() {
  if (counts_ != nullptr) counts_->leave(address_, verdict_);
}

AddressCounts::Entry::Entry(Entry&& other) noexcept
    : counts_(std::exchange(other.counts_, nullptr)),
      address_(std::move(other.address_)),
      verdict_(other.verdict_) {}

AddressCounts::Verdict AddressCounts::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  auto& count = counts_[address];
  if (count.served < most_) {
    ++count.served;
    return Verdict::serve;
  }
  if (count.told < told_most_) {
    ++count.told;
    return Verdict::turn_away;
  }
  return Verdict::close;
}

void AddressCounts::leave(const std::string& address, Verdict verdict) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(address);
  auto& count = found->second;
  --(verdict == Verdict::serve ? count.served : count.told);
  if (count.served == 0 && count.told == 0) counts_.erase(found);
}

}  // namespace belfry::http
