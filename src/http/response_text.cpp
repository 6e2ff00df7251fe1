#include "http/response_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace belfry::http {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

void append_number(std::string& out, std::size_t value) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out.append(value);
  std::replace_if(out.begin() + start, out.end(), is_control, ' ');
  out.append("\r\n");
}

}  // namespace

std::string_view DateText::now() {
  using namespace std::chrono;
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds_now = floor<seconds>(clock_.now());
  if (const auto count = seconds_now.time_since_epoch().count(); count != second_) {
    second_ = count;
    const auto day = floor<days>(seconds_now);
    const year_month_day date(day);
    const hh_mm_ss time(seconds_now - day);
    text_ =
        fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                    static_cast<unsigned>(date.day()),
                    kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                    time.hours().count(), time.minutes().count(), time.seconds().count());
  }
  return text_;
}

void append_head(std::string& out, const Response& response, BodyFraming framing, bool close,
                 bool http_1_0, std::string_view date) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason(response.status)).append("\r\nDate: ").append(date).append("\r\n");
  if (!response.content_type.empty()) {
    append_field(out, "Content-Type", response.content_type);
  }
  for (const auto& [name, value] : response.headers.fields()) {
    append_field(out, name, value);
  }
  if (framing == BodyFraming::length) {
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  } else if (framing == BodyFraming::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  if (close) {
    out.append("Connection: close\r\n");
  } else if (http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace belfry::http
