#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace belfry {

std::string hex_encode(std::string_view bytes);  // lower case
std::optional<std::string> hex_decode(std::string_view text);

// RFC 4648. Decoders are strict: the one canonical spelling, or nothing (wrong alphabet, wrong
// padding, white space, or non-zero trailing bits).
std::string base64_encode(std::string_view bytes);  // standard alphabet, padded
std::optional<std::string> base64_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);  // URL alphabet, not padded
std::optional<std::string> base64url_decode(std::string_view text);

// IEEE 802.3. `so_far` is the value over what came before `bytes`.
std::uint32_t crc32(std::string_view bytes, std::uint32_t so_far = 0);

// True if `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

// The length of the character that the text begins with; 0 if it is ill-formed, or there is none.
std::size_t utf8_length(std::string_view text);

// How many characters well-formed UTF-8 has.
std::size_t count_characters(std::string_view utf8);

// Cuts well-formed UTF-8 to at most `bytes_max` bytes, between two characters.
void cut_utf8(std::string& text, std::size_t bytes_max);
// The same to a number of characters.
void cut_characters(std::string& text, std::size_t characters_max);

// RFC 3339 in UTC with milliseconds: 2026-11-23T18:21:04.123Z.
std::string format_time(Timestamp time);
// The instant of a local date-time, in some zone.
using LocalTimeRule = std::function<Timestamp(std::chrono::local_time<Millis>)>;

// RFC 3339, or ISO 8601 local date-time without an offset, which is read by `local`, or in UTC
// without a rule. Up to nine fraction digits (cut to milliseconds); seconds may be missing, as
// java.time prints them. A time before 1970 is read as the beginning of 1970. Nothing on anything
// else, or after the year 9999.
std::optional<Timestamp> parse_time(std::string_view text, const LocalTimeRule& local = {});

}  // namespace belfry
