#include "http/router.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

using Strings = std::vector<std::string>;

boost::asio::awaitable<Response> nothing(Request&) {
  co_return Response{};
}

Router example() {
  Router router;
  router.add(Method::get, "/", nothing);
  router.add(Method::get, "/tasks", nothing);
  router.add(Method::post, "/tasks", nothing);
  router.add(Method::post, "/tasks/bulk", nothing);
  router.add(Method::get, "/tasks/{taskId}", nothing);
  router.add(Method::delete_, "/tasks/{taskId}", nothing);
  router.add(Method::post, "/tasks/{taskId}/retry", nothing);
  router.add(Method::get, "/a/{x}/b/{y}", nothing);
  return router;
}

struct Case {
  Method method;
  std::string_view path;
  bool found;
  Strings params;
  std::string allow;
};

TEST(Router, Matches) {
  const Router router = example();
  for (const auto& [method, path, found, params, allow] :
       {Case{Method::get, "/", true, {}, ""},
        Case{Method::get, "/tasks", true, {}, ""},
        Case{Method::head, "/tasks", true, {}, ""},
        Case{Method::get, "/tasks/7", true, {"7"}, ""},
        Case{Method::get, "/tasks/bulk", false, {}, "POST"},
        Case{Method::get, "/tasks/bulkier", true, {"bulkier"}, ""},
        Case{Method::post, "/tasks/bulk/retry", true, {"bulk"}, ""},
        Case{Method::post, "/tasks/bulk", true, {}, ""},
        Case{Method::get, "/tasks/a%2Fb%25", true, {"a/b%"}, ""},
        Case{Method::post, "/tasks/7/retry", true, {"7"}, ""},
        Case{Method::get, "/a/1/b/2", true, {"1", "2"}, ""},
        Case{Method::put, "/tasks", false, {}, "GET, HEAD, POST"},
        Case{Method::get, "/tasks/7/retry", false, {}, "POST"},
        Case{Method::options, "/tasks/bulk", false, {}, "POST"},
        Case{Method::get, "/tasks/", false, {}, ""},
        Case{Method::get, "//tasks", false, {}, ""},
        Case{Method::get, "/Tasks", false, {}, ""},
        Case{Method::get, "/a/1/b", false, {}, ""},
        Case{Method::get, "/a//b/2", false, {}, ""},
        Case{Method::get, "/tasks/7/retry/", false, {}, ""},
        Case{Method::options, "*", false, {}, ""},
        Case{Method::get, "", false, {}, ""}}) {
    const Router::Match match = router.match(method, path);
    EXPECT_EQ(match.handler != nullptr, found) << path;
    EXPECT_EQ(match.params, params) << path;
    EXPECT_EQ(match.allow, allow) << path;
  }
}

TEST(Router, ListsItsRoutes) {
  const auto routes = example().routes();
  EXPECT_EQ(routes.size(), 8U);
  EXPECT_NE(std::find(routes.begin(), routes.end(),
                      std::pair(Method::post, std::string("/tasks/{taskId}/retry"))),
            routes.end());
}

TEST(Router, ALongPathEndsWhereThePatternsEnd) {
  std::string path;
  for (int i = 0; i < 100'000; ++i) {
    path += "/a";
  }
  EXPECT_EQ(example().match(Method::get, path).handler, nullptr);
}

}  // namespace
}  // namespace belfry::http
