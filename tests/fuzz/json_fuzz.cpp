// JSON: whatever passes the check can be walked, and its strings written and read back.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "json/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace {

using belfry::json::Kind;
using belfry::json::Value;

void walk(const Value& value, int depth) {
  CHECK(depth <= 33);
  switch (value.kind()) {
    case Kind::string: {
      const auto text = value.string();
      CHECK(text && belfry::is_utf8(*text));
      std::string out;
      belfry::json::Writer(out).string(*text);
      CHECK(belfry::json::check(out));
      CHECK(Value(out).string() == text);
      break;
    }
    case Kind::object:
      for (const auto& member : value.members()) {
        CHECK(value.find(member.key()));
        walk(member.value, depth + 1);
      }
      break;
    case Kind::array:
      for (const auto& element : value.elements()) walk(element, depth + 1);
      break;
    case Kind::number:
      (void)value.int64();
      (void)value.number();
      break;
    default:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!belfry::json::check(text)) return 0;
  CHECK(belfry::is_utf8(text));
  walk(Value(text), 0);
  return 0;
}
