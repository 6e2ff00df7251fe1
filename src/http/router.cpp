#include "http/router.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>

#include "base/check.hpp"
#include "http/percent.hpp"

namespace belfry::http {
namespace {

constexpr std::size_t kMethods = 7;

std::size_t index(Method method) {
  return static_cast<std::size_t>(method);
}

// "/a/b" is {"a", "b"}; "/" is {""}; a slash at the end adds an empty segment.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> exact;
  std::unique_ptr<Node> parameter;
  std::array<Handler, kMethods> handlers;
  std::array<std::string, kMethods> patterns;
  bool ends_here = false;

  // HEAD is answered by GET's handler; the server leaves the body out.
  std::size_t place(Method method) const {
    const bool is_get = method == Method::head && !handlers[index(method)];
    return index(is_get ? Method::get : method);
  }
  const Handler* handler(Method method) const {
    const Handler& found = handlers[place(method)];
    return found ? &found : nullptr;
  }

  void allowed(std::array<bool, kMethods>& methods) const {
    for (std::size_t i = 0; i < kMethods; ++i) {
      methods[i] = methods[i] || handler(static_cast<Method>(i)) != nullptr;
    }
  }

  void list(std::vector<std::pair<Method, std::string>>& routes) const {
    for (std::size_t i = 0; i < kMethods; ++i) {
      if (handlers[i]) {
        routes.emplace_back(static_cast<Method>(i), patterns[i]);
      }
    }
    for (const auto& [segment, child] : exact) {
      child->list(routes);
    }
    if (parameter) {
      parameter->list(routes);
    }
  }

  // Goes down the path, exact segments first; patterns bound the depth, not the request.
  bool find(Method method, std::string_view path, Match& match,
            std::array<bool, kMethods>& methods) const {
    if (path.empty()) {
      match.handler = ends_here ? handler(method) : nullptr;
      match.method = static_cast<Method>(place(method));
      match.pattern = patterns[place(method)];
      allowed(methods);
      return match.handler != nullptr;
    }
    const std::string_view segment = take_segment(path);
    const auto child = exact.find(segment);
    if (child != exact.end()) {
      if (child->second->find(method, path, match, methods)) {
        return true;
      }
      // What is there by its own name is not looked for as a parameter: it takes other methods.
      if (std::ranges::any_of(methods, std::identity())) {
        return false;
      }
    }
    if (!parameter || segment.empty()) {
      return false;
    }
    auto decoded = percent_decode(segment);
    if (!decoded) {
      return false;
    }
    match.params.push_back(std::move(*decoded));
    if (parameter->find(method, path, match, methods)) {
      return true;
    }
    match.params.pop_back();
    return false;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string pattern, Handler handler) {
  CHECK(pattern.starts_with('/') && handler);
  Node* node = root_.get();
  for (std::string_view rest = pattern; !rest.empty();) {
    const std::string_view segment = take_segment(rest);
    auto& child = is_parameter(segment) ? node->parameter : node->exact[std::string(segment)];
    if (!child) {
      child = std::make_unique<Node>();
    }
    node = child.get();
  }
  CHECK(!node->handlers[index(method)]);  // a route is declared once
  node->ends_here = true;
  node->handlers[index(method)] = std::move(handler);
  node->patterns[index(method)] = std::move(pattern);
}

Router::Match Router::match(Method method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) {
    return match;
  }
  std::array<bool, kMethods> methods{};
  if (root_->find(method, path, match, methods)) {
    return match;
  }
  match.params.clear();
  for (std::size_t i = 0; i < kMethods; ++i) {
    if (methods[i]) {
      match.allow.append(match.allow.empty() ? "" : ", ").append(name(static_cast<Method>(i)));
    }
  }
  return match;
}

std::vector<std::pair<Method, std::string>> Router::routes() const {
  std::vector<std::pair<Method, std::string>> routes;
  root_->list(routes);
  return routes;
}

}  // namespace belfry::http
