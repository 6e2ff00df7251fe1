#include "api/input_check.hpp"

#include "api/body.hpp"
#include "api/task_in.hpp"
#include "json/field_reader.hpp"

namespace belfry::api {
namespace {

// What is known of a request's content: of a head whose content comes in chunks nothing is.
enum class Content { none, some, unknown };

Content content_of_head(const http::Request& head) {
  if (head.headers.get("Transfer-Encoding")) return Content::unknown;
  return head.headers.get("Content-Length").value_or("0") == "0" ? Content::none : Content::some;
}

// Changes need application/json, so that a browser must ask first; the OAuth2 form and NDJSON are
// the exceptions of the routes that take them.
Result<> check_media_type(const Takes& takes, Access::Who who, const http::Request& request,
                          Content content) {
  const auto body = takes.body;
  const bool has_type = request.headers.get("Content-Type").has_value();
  const bool by_token = who != Access::Who::anyone;
  if (by_token ? content != Content::some : content == Content::none && !has_type) return {};
  if (!http::is_utf_8(request.headers)) {
    return fail(ErrorCode::unsupported_media_type,
                "the charset of Content-Type must be utf-8, or be left out");
  }
  if (has_media_type(request, kJson)) return {};
  if (body == Takes::Body::json_or_form && has_media_type(request, kForm)) return {};
  if (body == Takes::Body::json_or_lines && has_media_type(request, kLines)) return {};
  return fail(ErrorCode::unsupported_media_type,
              "send the body as JSON with the header Content-Type: application/json");
}

bool takes_body(http::Method method) {
  return method != http::Method::get && method != http::Method::head;
}

Result<> check_no_body(const http::Request& request) {
  const auto body = optional_json_body(request);
  if (!body) return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  in.done();
  return faults.result();
}

Result<> check_as_far_as(Content content, const Takes& takes, Access::Who who,
                         const http::Request& request) {
  if (takes.query == Takes::Query::none) {
    if (const auto none = Query::read(request, {}); !none) return fail(none.error());
  }
  if (!takes_body(request.method) || request.method == http::Method::delete_) return {};
  return check_media_type(takes, who, request, content);
}

}  // namespace

Result<> check_head_input(const Takes& takes, Access::Who who, const http::Request& head) {
  return check_as_far_as(content_of_head(head), takes, who, head);
}

Result<> check_input(const Takes& takes, Access::Who who, const http::Request& request) {
  const auto content = request.body.empty() ? Content::none : Content::some;
  if (const auto head = check_as_far_as(content, takes, who, request); !head) return head;
  if (!takes_body(request.method)) return {};
  return takes.body == Takes::Body::none ? check_no_body(request) : Result<>{};
}

}  // namespace belfry::api
