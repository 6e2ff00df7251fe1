#pragma once

#include "api/route.hpp"

namespace belfry::api {

// Holds a request to what its route takes: nothing that a client sends is ignored in silence.
// unsupported_media_type; invalid_query; validation_failed (or what is wrong with the JSON) for a
// body where none is taken, other than an empty one or `{}`. No content has no format: its
// Content-Type does not matter on routes that need a token, which a web page of another origin
// cannot send unasked.
Result<> check_input(const Takes& takes, Access::Who who, const http::Request& request);
// The part of it that the head alone tells: the query and the media type.
Result<> check_head_input(const Takes& takes, Access::Who who, const http::Request& head);

}  // namespace belfry::api
