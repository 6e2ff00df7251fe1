#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The byte layer under the compact stored values: base-128 numbers and length-prefixed strings.
// Every value has exactly one spelling, so bytes that decode are bytes that were encoded.
namespace belfry::domain::codec {

void put_number(std::string& out, std::uint64_t value);
void put_bytes(std::string& out, std::string_view bytes);
void put_double(std::string& out, double value);

// Reads from the front of `bytes`, which must outlive it. The first fault sticks: later reads give
// zeros and `ok()` stays false.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number();
  // A number of at most `max`; more is a fault.
  std::uint64_t number_up_to(std::uint64_t max);
  std::string_view bytes();
  double real();  // finite
  std::uint8_t byte();

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  bool finished() const { return ok_ && rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  void fault();

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace belfry::domain::codec
