#pragma once

#include <string>
#include <string_view>

namespace belfry {

// A string that must never be printed: keys, tokens, webhook secrets. It has no operator<< and no
// fmt formatter; the one way out is `reveal()`. Its memory is wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) = default;
  ~Secret();

  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

// Compares in time that depends on the lengths alone.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace belfry
