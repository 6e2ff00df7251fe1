#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace belfry::json {

enum class Kind { null, boolean, number, string, array, object };

class Members;
class Elements;

// A view of one JSON value inside text that has passed `check` and outlives the view. Cheap to
// copy; nothing is parsed before it is asked for.
class Value {
 public:
  Value() = default;  // null
  explicit Value(std::string_view checked_text);

  Kind kind() const;
  std::string_view raw() const { return raw_; }
  bool is_null() const { return kind() == Kind::null; }

  // Each is nothing if the value is of another kind.
  std::optional<bool> boolean() const;
  std::optional<std::string> string() const;  // unescaped
  std::optional<std::int64_t> int64() const;  // exact: no fraction, no exponent, in range
  std::optional<double> number() const;       // nothing if too large for a double
  Members members() const;                    // empty unless an object
  Elements elements() const;                  // empty unless an array
  std::optional<Value> find(std::string_view key) const;

 private:
  std::string_view raw_ = "null";
};

struct Member {
  std::string_view raw_key;  // without quotes, still escaped
  Value value;
  std::string key() const;
  bool key_is(std::string_view name) const;
};

// for (const Member& member : value.members()) …
class Members {
 public:
  class Iterator {
   public:
    explicit Iterator(std::string_view inside);
    const Member& operator*() const { return member_; }
    Iterator& operator++();
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    void read();
    std::string_view rest_;
    Member member_;
    bool done_ = false;
  };
  explicit Members(std::string_view inside) : inside_(inside) {}
  Iterator begin() const { return Iterator(inside_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view inside_;
};

// for (const Value& element : value.elements()) …
class Elements {
 public:
  class Iterator {
   public:
    explicit Iterator(std::string_view inside);
    const Value& operator*() const { return value_; }
    Iterator& operator++();
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    void read();
    std::string_view rest_;
    Value value_;
    bool done_ = false;
  };
  explicit Elements(std::string_view inside) : inside_(inside) {}
  Iterator begin() const { return Iterator(inside_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view inside_;
};

}  // namespace belfry::json
