#include "json/check.hpp"

#include <fmt/format.h>

#include <boost/container/small_vector.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "base/encoding.hpp"
#include "json/keyed_hash.hpp"
#include "json/pointer.hpp"

namespace belfry::json {
namespace {

namespace bj = boost::json;
using boost::system::error_code;

// The keys seen in every object that is still open, innermost last. Small objects compare hashes
// one by one; a large one gets a table, so that hostile input stays linear.
class OpenKeys {
 public:
  OpenKeys() { bytes_.reserve(kLinearMax * 8); }

  void open() { objects_.push_back({entries_.size(), bytes_.size(), {}}); }

  void close() {
    entries_.resize(objects_.back().first_entry);
    bytes_.resize(objects_.back().first_byte);
    objects_.pop_back();
  }

  std::size_t size() const { return entries_.size(); }

  // False if the innermost object holds the key already.
  bool add(std::string_view key) {
    const Entry entry{keyed_hash(key), bytes_.size(), key.size()};
    bytes_.append(key);
    entries_.push_back(entry);
    Object& object = objects_.back();
    const std::size_t count = entries_.size() - object.first_entry;
    if (count > kLinearMax) {
      return add_to_table(object, count);
    }
    for (std::size_t i = object.first_entry; i + 1 < entries_.size(); ++i) {
      if (equal(entries_[i], entry)) {
        return false;
      }
    }
    return true;
  }

  // The key read last in the object at this nesting level of objects.
  std::string_view last(std::size_t level) const {
    const std::size_t end =
        level + 1 < objects_.size() ? objects_[level + 1].first_entry : entries_.size();
    return end == objects_[level].first_entry ? std::string_view{} : bytes_of(entries_[end - 1]);
  }

 private:
  static constexpr std::size_t kLinearMax = 16;
  static constexpr std::uint32_t kFree = 0xffff'ffff;

  struct Entry {
    std::uint64_t hash = 0;
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  struct Object {
    std::size_t first_entry = 0;
    std::size_t first_byte = 0;
    std::vector<std::uint32_t> table;  // indexes from first_entry, open addressing
  };

  std::string_view bytes_of(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.offset, entry.size);
  }

  bool equal(const Entry& a, const Entry& b) const {
    return a.hash == b.hash && bytes_of(a) == bytes_of(b);
  }

  bool add_to_table(Object& object, std::size_t count) {
    if (count * 2 <= object.table.size()) {
      return insert(object, count - 1);
    }
    object.table.assign(object.table.empty() ? 64 : object.table.size() * 2, kFree);
    bool fresh = true;
    for (std::size_t i = 0; i < count; ++i) {
      fresh = insert(object, i) && fresh;
    }
    return fresh;
  }

  bool insert(Object& object, std::size_t index) {
    const std::size_t mask = object.table.size() - 1;
    const Entry& entry = entries_[object.first_entry + index];
    std::size_t slot = entry.hash & mask;
    while (object.table[slot] != kFree) {
      if (equal(entries_[object.first_entry + object.table[slot]], entry)) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    object.table[slot] = static_cast<std::uint32_t>(index);
    return true;
  }

  // Most texts need no more than what stands in place.
  boost::container::small_vector<Object, 4> objects_;
  boost::container::small_vector<Entry, kLinearMax> entries_;
  std::string bytes_;
};

// What Boost's parser calls. It only watches keys and positions; no value is kept.
struct Watcher {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  struct Level {
    bool object = false;
    std::size_t index = 0;  // of the element being read, in arrays, counted from 1
  };

  OpenKeys keys;
  boost::container::small_vector<Level, 8> levels;
  std::string key_parts;
  bool duplicate = false;
  bool too_many_keys = false;
  bool repeats_allowed = false;

  bool value() {
    if (!levels.empty() && !levels.back().object) {
      ++levels.back().index;
    }
    return true;
  }
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    value();
    levels.push_back({true, 0});
    keys.open();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    levels.pop_back();
    keys.close();
    return true;
  }
  bool on_array_begin(error_code&) {
    value();
    levels.push_back({false, 0});
    return true;
  }
  bool on_array_end(std::size_t, error_code&) {
    levels.pop_back();
    return true;
  }
  bool on_key_part(bj::string_view part, std::size_t, error_code&) {
    key_parts.append(part.data(), part.size());
    return true;
  }
  bool on_key(bj::string_view part, std::size_t, error_code& error) {
    const std::string_view tail(part.data(), part.size());
    bool fresh = false;
    if (keys.size() == kOpenKeysMax) {
      too_many_keys = true;
      error = bj::error::exception;
      return false;
    }
    if (key_parts.empty()) {
      fresh = keys.add(tail);
    } else {
      key_parts.append(tail);
      fresh = keys.add(key_parts);
      key_parts.clear();
    }
    if (!fresh && !repeats_allowed) {
      duplicate = true;
      error = bj::error::exception;
      return false;
    }
    return true;
  }
  bool on_string_part(bj::string_view, std::size_t, error_code&) { return true; }
  bool on_string(bj::string_view, std::size_t, error_code&) { return value(); }
  bool on_number_part(bj::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, error_code&) { return value(); }
  bool on_uint64(std::uint64_t, bj::string_view, error_code&) { return value(); }
  bool on_double(double, bj::string_view, error_code&) { return value(); }
  bool on_bool(bool, error_code&) { return value(); }
  bool on_null(error_code&) { return value(); }
  bool on_comment_part(bj::string_view, error_code&) { return true; }
  bool on_comment(bj::string_view, error_code&) { return true; }

  std::string pointer() const {
    std::string path;
    std::size_t object = 0;
    for (const Level& level : levels) {
      path = level.object ? child_pointer(path, keys.last(object++))
                          : fmt::format("{}/{}", path, level.index == 0 ? 0 : level.index - 1);
    }
    return path;
  }
};

std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {} (byte {})", line, offset - line_start + 1, offset);
}

Error duplicate_key(const Watcher& watcher) {
  Error error{ErrorCode::duplicate_key, "an object holds the same key twice; send each key once"};
  error.fields.add(watcher.pointer(), "this key appears twice; keep one of them");
  return error;
}

constexpr int kSyntaxDepthMax = 1'000;

Result<> parse(std::string_view text, int depth_max, bool repeats_allowed) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(ErrorCode::invalid_json, "the JSON text is empty; send one JSON value");
  }
  bj::parse_options options;
  options.max_depth = static_cast<std::size_t>(depth_max);
  bj::basic_parser<Watcher> parser(options);
  parser.handler().repeats_allowed = repeats_allowed;
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (parser.handler().duplicate) {
    return fail(duplicate_key(parser.handler()));
  }
  if (parser.handler().too_many_keys) {
    return fail(ErrorCode::payload_too_large,
                fmt::format("an object, with those around it, has more than {} keys; send less at "
                            "a time",
                            kOpenKeysMax));
  }
  if (error == bj::error::too_deep) {
    return fail(ErrorCode::json_too_deep,
                fmt::format("the JSON text nests deeper than {} levels", depth_max));
  }
  if (error) {
    return fail(ErrorCode::invalid_json,
                fmt::format("not JSON at {}: {}", place(text, read), error.message()));
  }
  const std::size_t extra = text.find_first_not_of(" \t\r\n", read);
  if (extra != std::string_view::npos) {
    return fail(ErrorCode::invalid_json,
                fmt::format("more text after the JSON value at {}", place(text, extra)));
  }
  return {};
}

bool is_escape_of(std::string_view text, char first, char last) {
  const auto is_digit = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return false;
  if (!is_digit(text[4]) || !is_digit(text[5])) return false;
  const auto third =
      static_cast<char>(text[3] | 0x20);  // letters in lower case, digits as they are
  return (text[2] | 0x20) == 'd' && third >= first && third <= last;
}
bool is_high_surrogate(std::string_view text) {
  const auto in = [&](char first, char last) { return is_escape_of(text, first, last); };
  return in('8', '9') || in('a', 'b');
}
bool is_low_surrogate(std::string_view text) {
  return is_escape_of(text, 'c', 'f');
}

// Appends what stands at the front of `rest`, replaced if `check` would refuse it; its length.
std::size_t append_mended(std::string& out, std::string_view rest, std::size_t& replaced) {
  if (is_high_surrogate(rest) && is_low_surrogate(rest.substr(6))) {
    out.append(rest.substr(0, 12));
    return 12;
  }
  if (is_high_surrogate(rest) || is_low_surrogate(rest)) {
    ++replaced;
    out.append("\\ufffd");
    return 6;
  }
  const bool escape = rest.size() > 1 && rest[0] == '\\' && utf8_length(rest.substr(1)) == 1;
  const std::size_t length = escape ? 2 : utf8_length(rest);
  if (length == 0) {
    ++replaced;
    out.append("\xef\xbf\xbd");
    return 1;
  }
  out.append(rest.substr(0, length));
  return length;
}

}  // namespace

Result<> check(std::string_view text, int depth_max) {
  if (!is_utf8(text)) {
    return fail(ErrorCode::invalid_encoding, "the JSON text is not UTF-8; encode it as UTF-8");
  }
  return parse(text, depth_max, false);
}

Result<> check_syntax(std::string_view text) {
  std::string copy(text);
  replace_bad_characters(copy);
  return parse(copy, kSyntaxDepthMax, true);
}

std::size_t replace_bad_characters(std::string& text) {
  std::size_t replaced = 0;
  std::string out;
  out.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) rest.remove_prefix(append_mended(out, rest, replaced));
  if (replaced > 0) text = std::move(out);
  return replaced;
}

}  // namespace belfry::json
