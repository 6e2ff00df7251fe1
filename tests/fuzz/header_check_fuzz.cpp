// Request heads: no bytes may crash the check, and whatever it lets through holds what it promises.
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "http/header_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto length = belfry::http::head_length(bytes, 0);
  CHECK(length <= size);
  if (length == 0) return 0;
  const auto facts = belfry::http::check_head(bytes.substr(0, length), {});
  if (!facts) return 0;
  CHECK(bytes.substr(0, length).ends_with("\r\n\r\n"));
  CHECK(facts->path.starts_with('/') || facts->path == "*");
  CHECK(facts->path.find('\0') == std::string::npos);
  CHECK(facts->headers.fields().size() <= 100);
  CHECK(facts->headers.count("Host") <= 1 && facts->headers.count("Authorization") <= 1);
  CHECK(facts->headers.count("Content-Length") + facts->headers.count("Transfer-Encoding") <= 1);
  for (const auto& [name, value] : facts->headers.fields()) {
    CHECK(!name.empty() && name.find_first_of(" \t\r\n:") == std::string::npos);
    CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  return 0;
}
