#include "head_oracle.hpp"

#include <algorithm>

namespace belfry::fuzz {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// Counts the lines with the name in the raw bytes, also where a blank stands before the colon:
// whoever reads more loosely than we do would still see them.
std::size_t lines_of(const std::string& lower_block, std::string_view name) {
  std::size_t count = 0;
  for (auto at = lower_block.find('\n'); at != std::string::npos;
       at = lower_block.find('\n', at + 1)) {
    const auto line = std::string_view(lower_block).substr(at + 1);
    if (!line.starts_with(name)) continue;
    const auto next = line.find_first_not_of(" \t", name.size());
    count += next != std::string_view::npos && line[next] == ':' ? 1 : 0;
  }
  return count;
}

Fault judge_raw(std::string_view block) {
  if (!block.ends_with("\r\n\r\n")) return "a head without its end";
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool lf = block[i] == '\n', cr = block[i] == '\r';
    if (lf && (i == 0 || block[i - 1] != '\r')) return "a bare line feed";
    if (cr && (i + 1 == block.size() || block[i + 1] != '\n')) return "a bare carriage return";
    if (block[i] == '\0') return "a NUL";
    if (lf && i + 1 < block.size() && (block[i + 1] == ' ' || block[i + 1] == '\t')) {
      return "a folded line";
    }
  }
  const auto text = lower(block);
  const auto lengths = lines_of(text, "content-length");
  const auto codings = lines_of(text, "transfer-encoding");
  if (lengths + codings > 1) return "the framing is told twice";
  if (lines_of(text, "host") > 1) return "two hosts";
  if (lines_of(text, "authorization") > 1) return "two authorizations";
  return {};
}

}  // namespace

HeadCheck real_heads() {
  return {[](std::string_view received) { return http::head_length(received, 0); },
          [](std::string_view block) { return http::check_head(block, {}); }};
}

Fault judge_head(std::string_view bytes, const HeadCheck& heads) {
  const auto length = heads.length(bytes);
  if (length > bytes.size()) return "a head longer than what came";
  if (length == 0) return {};
  const auto block = bytes.substr(0, length);
  const auto facts = heads.check(block);
  if (!facts) return {};
  if (const auto fault = judge_raw(block)) return fault;
  if (!facts->path.starts_with('/') && facts->path != "*") return "a path without a slash";
  if (facts->path.find('\0') != std::string::npos) return "a NUL in the path";
  if (facts->headers.fields().size() > 100) return "too many fields";
  using Framing = http::HeadFacts::Framing;
  const bool has_length = facts->headers.count("Content-Length") == 1;
  const bool has_coding = facts->headers.count("Transfer-Encoding") == 1;
  if ((facts->framing == Framing::length) != has_length) return "a length, or not?";
  if ((facts->framing == Framing::chunked) != has_coding) return "chunked, or not?";
  for (const auto& [name, value] : facts->headers.fields()) {
    if (name.empty() || name.find_first_of(" \t\r\n:") != std::string::npos) {
      return "a field name that is none";
    }
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return "a control character in a value";
    }
  }
  return {};
}

}  // namespace belfry::fuzz
