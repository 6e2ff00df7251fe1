#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace belfry::http {

using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

// A table of method and path pattern ("/api/v1/tasks/{taskId}/retry"; a {…} matches one non-empty
// segment, an exact segment beats a {…}). Built at start, then read only: thread-safe.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  void add(Method method, std::string pattern, Handler handler);

  struct Match {
    const Handler* handler = nullptr;  // null: no such path, or not with this method
    Method method = Method::get;       // that the handler was added with, and its pattern, which
    std::string_view pattern;          // lives as long as the router
    std::vector<std::string> params;
    std::string allow;  // for 405: "GET, POST"; empty means 404
  };
  Match match(Method method, std::string_view path) const;

  // Every (method, pattern), for the test that compares with openapi.yaml.
  std::vector<std::pair<Method, std::string>> routes() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace belfry::http
