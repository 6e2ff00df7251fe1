#include "http/chunked_body.hpp"

#include <algorithm>
#include <charconv>

namespace belfry::http {
namespace {

constexpr std::string_view kTokenChars =
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kLineMax = 8 * 1024;
constexpr std::size_t kDroppedMax = 16 * 1024;
constexpr std::size_t kSizeDigitsMax = 8;

std::unexpected<Error> broken() {
  return fail(ErrorCode::malformed_request, "the chunked body is not properly framed");
}

bool is_text(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

std::string_view without_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

// Cuts a token off the front; false if none is there.
bool take_token(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of(kTokenChars), text.size());
  text.remove_prefix(end);
  return end > 0;
}

// Cuts "…" off the front.
bool take_quoted(std::string_view& text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return true;
    }
  }
  return false;
}

// ";name" or ";name=value", as many as there are (RFC 9112 section 7.1.1).
bool are_extensions(std::string_view text) {
  while (!text.empty()) {
    text = without_blanks(text);
    if (!text.starts_with(';')) return false;
    text = without_blanks(text.substr(1));
    if (!take_token(text)) return false;
    const auto value = without_blanks(text);
    if (!value.starts_with('=')) continue;
    text = without_blanks(value.substr(1));
    if (!(text.starts_with('"') ? take_quoted(text) : take_token(text))) return false;
  }
  return true;
}

}  // namespace

Result<> ChunkedBody::take_size(std::string_view line, std::size_t body_size) {
  const std::size_t digits =
      std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  const std::string_view extension = line.substr(digits);
  if (digits == 0 || digits > kSizeDigitsMax || !is_text(extension) || !are_extensions(extension)) {
    return broken();
  }
  dropped_ += extension.size();
  std::from_chars(line.data(), line.data() + digits, left_, 16);
  if (left_ > body_max_ - body_size) {
    return fail(ErrorCode::payload_too_large, "the body is too large");
  }
  state_ = left_ == 0 ? State::trailer : State::data;
  return {};
}

Result<> ChunkedBody::take_line(std::string_view line, std::string& body) {
  switch (state_) {
    case State::size:
      return take_size(line, body.size());
    case State::data_end:
      if (!line.empty()) {
        return broken();
      }
      state_ = State::size;
      return {};
    default:
      dropped_ += line.size();
      if (line.empty()) {
        state_ = State::done;
      } else if (!is_text(line) || line.find(':') == std::string_view::npos ||
                 line.find(':') == 0 || line.front() == ' ' || line.front() == '\t') {
        return broken();
      }
      return {};
  }
}

Result<bool> ChunkedBody::take(std::string_view& bytes, std::string& body) {
  while (!bytes.empty() && state_ != State::done) {
    if (state_ == State::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      body.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      state_ = left_ == 0 ? State::data_end : State::data;
      continue;
    }
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line_.size() > kLineMax || dropped_ + line_.size() > kDroppedMax) {
      return fail(ErrorCode::headers_too_large, "chunk extensions or trailers are too large");
    }
    if (end == std::string_view::npos) {
      break;
    }
    if (line_.empty() || line_.back() != '\r') {
      return broken();
    }
    line_.pop_back();
    const auto taken = take_line(line_, body);
    if (!taken) {
      return fail(taken.error());
    }
    line_.clear();
  }
  return state_ == State::done;
}

}  // namespace belfry::http
