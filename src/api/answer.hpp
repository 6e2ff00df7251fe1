#pragma once

#include <string>

#include "http/message.hpp"

namespace belfry::api {

// A JSON answer; 201 with its Location when created.
http::Response json_answer(int status, std::string body);
http::Response created(std::string location, std::string body);
http::Response no_content();
// For answers that hold a secret.
void never_store(http::Response& response);

}  // namespace belfry::api
