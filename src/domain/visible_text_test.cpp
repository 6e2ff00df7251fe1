#include "domain/visible_text.hpp"

#include <gtest/gtest.h>

namespace belfry::domain {
namespace {

TEST(VisibleText, TakesNamesOfEveryScript) {
  for (const auto* name : {"send mail", "Grüße", "отчёт", "日本語", "שלום", "مرحبا", "e\u0301", "❤️",
                           "😀", "a/b:c", "ไทย", "हिन्दी"}) {
    EXPECT_TRUE(is_visible_text(name)) << name;
  }
}

TEST(VisibleText, RefusesWhatCannotBeSeen) {
  for (const auto* part :
       {"\n",     "\t",     "\x01",   "\x7f",   "\u0085", "\u00ad",     "\u061c", "\u200b",
        "\u200c", "\u200d", "\u200e", "\u2028", "\u2029", "\u202e",     "\u2060", "\u2066",
        "\u2069", "\ufeff", "\u3164", "\u115f", "\u034f", "\U000e0041", "\xff"}) {
    EXPECT_FALSE(is_visible_text(std::string("a") + part + "b")) << part;
  }
  EXPECT_FALSE(is_visible_text(std::string_view("a\0b", 3)));
}

TEST(VisibleText, KnowsTheBlanksOfEveryScript) {
  for (const auto* text : {"", " ", "\t\r\n", "\u00a0", "\u3000 ", "\u2003"}) {
    EXPECT_TRUE(is_blank_text(text)) << text;
  }
  EXPECT_FALSE(is_blank_text(" a "));
}

}  // namespace
}  // namespace belfry::domain
