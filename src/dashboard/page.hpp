#pragma once

#include <string>
#include <string_view>

#include "dashboard/settings.hpp"
#include "http/message.hpp"

namespace belfry::dashboard {

// Serves the page's files. Hashed names never change and are kept for a year; index.html is made
// for each answer: its base (the prefix) and a fresh nonce for style elements, which the
// Content-Security-Policy names.
class Page {
 public:
  explicit Page(const Settings& settings) : settings_(settings) {}

  // `path` without the prefix. A path that is no file is one of the page's own addresses and gets
  // index.html, unless it looks like a file: not_found.
  http::Response answer(std::string_view path) const;

 private:
  http::Response index() const;

  const Settings& settings_;
};

// The policy with this nonce.
std::string content_security_policy(std::string_view nonce);

}  // namespace belfry::dashboard
