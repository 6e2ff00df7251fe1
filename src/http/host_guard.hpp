#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

// Against DNS rebinding (DESIGN section 7): the name of a web page's own site may come to mean this
// machine, and the page then counts as of the same origin as what it reads and changes here. Such
// a name shows in Host.
namespace belfry::http {

// A literal address of this machine itself: no name, so not "127.evil.example" either.
bool is_loopback(std::string_view host);

// True if Host is loopback or "localhost", with any port, or one of `allowed` (bare, lower case);
// on a listener that is not on loopback also if `allowed` is empty. HTTP/1.0 may come without a
// Host and is served: no browser speaks it.
bool serves_host(const Request& request, bool loopback_listener,
                 const std::vector<std::string>& allowed);

// False if a browser says that a page of another origin sent this. What is no browser says nothing.
bool is_same_origin(const Request& request);

}  // namespace belfry::http
