#include "json/field_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "json/pointer.hpp"

namespace belfry::json {
namespace {

constexpr std::size_t kKeyShown = 128;
constexpr std::size_t kSuggestedLength = 40;

std::string length_in_words(const StringLimits& limits) {
  if (limits.min == 0) return fmt::format("at most {}", limits.max);
  if (limits.min == limits.max) return fmt::format("exactly {}", limits.max);
  return fmt::format("{} to {}", limits.min, limits.max);
}

// Levenshtein's distance of two short names.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, changed});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string child_pointer(std::string_view parent, std::string_view key) {
  if (key.size() > kKeyShown) {
    std::size_t end = kKeyShown;
    while (end > 0 && (static_cast<unsigned char>(key[end]) >> 6) == 2) {
      --end;
    }
    key = key.substr(0, end);
  }
  std::string path(parent);
  path.push_back('/');
  for (const char c : key) {
    if (c == '~') {
      path.append("~0");
    } else if (c == '/') {
      path.append("~1");
    } else {
      path.push_back(c);
    }
  }
  return path;
}

FieldReader::FieldReader(const Value& object, std::string pointer, FieldFaults& faults)
    : pointer_(std::move(pointer)), faults_(faults), is_object_(object.kind() == Kind::object) {
  if (!is_object_) {
    faults_.add(pointer_, "must be a JSON object");
  }
  for (const Member& member : object.members()) {
    if (found_.size() == kMembersMax) {
      faults_.add(pointer_, fmt::format("has more than {} members; an object with fields has at "
                                        "most so many",
                                        kMembersMax));
      found_.clear();
      is_object_ = false;
      return;
    }
    found_.push_back({member});
  }
}

std::string FieldReader::pointer(std::string_view key) const {
  return child_pointer(pointer_, key);
}

void FieldReader::fault(std::string_view key, std::string detail) {
  faults_.add(pointer(key), std::move(detail));
}

std::optional<Value> FieldReader::ask(std::string_view key, Need need) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
    asked_.push_back(key);
  }
  for (Found& found : found_) {
    if (found.member.key_is(key)) {
      found.asked = true;
      if (need == Need::required && found.member.value.is_null()) {
        fault(key, "is required and must not be null");
      }
      return found.member.value;
    }
  }
  if (need == Need::required && is_object_) {
    fault(key, "is required");
  }
  return std::nullopt;
}

std::optional<Value> FieldReader::ask_kind(std::string_view key, Need need, Kind kind,
                                           std::string_view in_words) {
  auto value = ask(key, need);
  if (!value || value->is_null()) {
    return std::nullopt;
  }
  if (value->kind() != kind) {
    fault(key, fmt::format("must be {}", in_words));
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> FieldReader::string(std::string_view key, StringLimits limits) {
  const auto value = ask_kind(key, limits.need, Kind::string, "a string");
  if (!value) {
    return std::nullopt;
  }
  auto text = value->string();
  const std::size_t length = count_characters(*text);
  if (length < limits.min || length > limits.max) {
    fault(key, fmt::format("must be {} characters long", length_in_words(limits)));
    return std::nullopt;
  }
  if (text->find('\0') != std::string::npos) {
    fault(key, "must not contain the character U+0000");
    return std::nullopt;
  }
  return text;
}

std::optional<std::int64_t> FieldReader::integer(std::string_view key, IntegerLimits limits) {
  const auto value = ask_kind(key, limits.need, Kind::number, "a whole number");
  if (!value) {
    return std::nullopt;
  }
  const auto number = value->int64();
  if (!number || *number < limits.min || *number > limits.max) {
    fault(key, fmt::format("must be a whole number from {} to {}", limits.min, limits.max));
    return std::nullopt;
  }
  return number;
}

std::optional<double> FieldReader::number(std::string_view key, NumberLimits limits) {
  const auto value = ask_kind(key, limits.need, Kind::number, "a number");
  if (!value) {
    return std::nullopt;
  }
  const auto number = value->number();
  if (!number || *number < limits.min || *number > limits.max) {
    fault(key, fmt::format("must be a number from {} to {}", limits.min, limits.max));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> FieldReader::boolean(std::string_view key, Need need) {
  const auto value = ask_kind(key, need, Kind::boolean, "true or false");
  return value ? value->boolean() : std::nullopt;
}

std::optional<Timestamp> FieldReader::time(std::string_view key, const LocalTimeRule& local,
                                           Need need) {
  constexpr std::string_view kWords = "a time such as \"2026-11-23T18:21:04.123Z\" (RFC 3339)";
  const auto value = ask_kind(key, need, Kind::string, kWords);
  if (!value) {
    return std::nullopt;
  }
  const auto time = parse_time(*value->string(), local);
  if (!time) {
    fault(key, fmt::format("must be {}", kWords));
  }
  return time;
}

std::optional<std::string_view> FieldReader::raw(std::string_view key, Need need) {
  const auto value = ask(key, need);
  return value ? std::optional(value->raw()) : std::nullopt;
}

std::optional<Value> FieldReader::object(std::string_view key, Need need) {
  return ask_kind(key, need, Kind::object, "a JSON object");
}

std::optional<Value> FieldReader::array(std::string_view key, Need need) {
  return ask_kind(key, need, Kind::array, "a JSON array");
}

FieldReader::Presence FieldReader::presence(std::string_view key) {
  const auto value = ask(key, Need::optional);
  if (!value) {
    return Presence::absent;
  }
  return value->is_null() ? Presence::null : Presence::value;
}

std::string_view FieldReader::closest(std::string_view key) const {
  std::string_view best;
  std::size_t best_distance = key.size() <= 4 ? 2 : 4;  // this far off is no misspelling any more
  for (const std::string_view name : asked_) {
    if (key.size() > kSuggestedLength || name.size() > kSuggestedLength) {
      continue;
    }
    const std::size_t distance = edit_distance(key, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

void FieldReader::done() {
  for (const Found& found : found_) {
    if (found.asked) {
      continue;
    }
    const std::string key = found.member.key();
    const std::string_view suggestion = closest(key);
    if (!suggestion.empty()) {
      fault(key, fmt::format("unknown field; did you mean {}?", suggestion));
    } else if (asked_.empty()) {
      fault(key, "unknown field; remove it: no fields are taken here");
    } else {
      fault(key, fmt::format("unknown field; remove it: the fields here are {}",
                             fmt::join(asked_, ", ")));
    }
  }
}

}  // namespace belfry::json
