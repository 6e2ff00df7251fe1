#pragma once

#include "dashboard/sessions.hpp"
#include "dashboard/settings.hpp"
#include "http/message.hpp"

namespace belfry::dashboard {

// Host: loopback names only on a loopback listener, unless allowed (against DNS rebinding).
Result<> check_host(const Settings& settings, const http::Request& request);
// A change must come from a page of this very origin, where the browser says so (Sec-Fetch-Site,
// Origin); a page of another site gets nowhere even with a cookie.
Result<> check_origin(const http::Request& request);
// X-CSRF-Token is that of the session.
Result<> check_csrf(const Session& session, const http::Request& request);
// Whether the text has the form of an API key; the scheduler knows whether it is one.
bool could_be_key(std::string_view text);
// The body is JSON, and says so: no form of another site can send that.
Result<> check_json(const http::Request& request);

// What every answer carries.
void harden(const Settings& settings, http::Response& response);

}  // namespace belfry::dashboard
