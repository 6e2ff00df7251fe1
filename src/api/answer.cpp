#include "api/answer.hpp"

namespace belfry::api {

http::Response json_answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

http::Response created(std::string location, std::string body) {
  auto response = json_answer(201, std::move(body));
  response.headers.set("Location", std::move(location));
  return response;
}

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

void never_store(http::Response& response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Pragma", "no-cache");
}

}  // namespace belfry::api
