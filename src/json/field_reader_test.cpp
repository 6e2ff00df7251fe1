#include "json/field_reader.hpp"

#include <gtest/gtest.h>

#include "json/check.hpp"

namespace belfry::json {
namespace {

struct Body {
  explicit Body(std::string json) : text(std::move(json)), reader(Value(text), "", faults) {
    EXPECT_TRUE(check(text));
  }
  // The faults as "pointer: detail" lines.
  std::string told() const {
    std::string lines;
    for (const auto& fault : faults.listed()) {
      lines += fault.pointer + ": " + fault.detail + "\n";
    }
    return lines;
  }
  std::string text;
  FieldFaults faults;
  FieldReader reader;
};

TEST(FieldReader, ReadsEveryType) {
  Body body(R"({"s":"x","i":5,"n":1.5,"b":true,"t":"2026-11-23T18:21:04.123Z","r":{"a": 1},)"
            R"("o":{},"l":[]})");
  EXPECT_EQ(body.reader.string("s"), "x");
  EXPECT_EQ(body.reader.integer("i"), 5);
  EXPECT_EQ(body.reader.number("n"), 1.5);
  EXPECT_EQ(body.reader.boolean("b"), true);
  EXPECT_EQ(body.reader.time("t"), from_ms(1'795'458'064'123));
  EXPECT_EQ(body.reader.raw("r"), "{\"a\": 1}");
  EXPECT_TRUE(body.reader.object("o"));
  EXPECT_TRUE(body.reader.array("l"));
  body.reader.done();
  EXPECT_EQ(body.told(), "");
}

TEST(FieldReader, AbsentAndNullAreNothing) {
  Body body(R"({"a":null})");
  EXPECT_EQ(body.reader.string("a"), std::nullopt);
  EXPECT_EQ(body.reader.integer("b"), std::nullopt);
  EXPECT_EQ(body.reader.raw("a"), "null");
  EXPECT_EQ(body.reader.raw("b"), std::nullopt);
  EXPECT_EQ(body.reader.presence("a"), FieldReader::Presence::null);
  EXPECT_EQ(body.reader.presence("b"), FieldReader::Presence::absent);
  body.reader.done();
  EXPECT_EQ(body.told(), "");
}

TEST(FieldReader, RequiredFieldsAreMissed) {
  Body body(R"({"a":null})");
  body.reader.string("a", {.need = Need::required});
  body.reader.integer("b", {.need = Need::required});
  EXPECT_EQ(body.told(), "/a: is required and must not be null\n/b: is required\n");
}

TEST(FieldReader, TellsAllWrongTypesAtOnce) {
  Body body(R"({"s":1,"i":"1","n":"1","b":"true","t":"soon","o":[],"l":{},"f":1.5})");
  body.reader.string("s");
  body.reader.integer("i");
  body.reader.number("n");
  body.reader.boolean("b");
  body.reader.time("t");
  body.reader.object("o");
  body.reader.array("l");
  body.reader.integer("f");
  EXPECT_EQ(body.faults.total(), 8U) << body.told();
}

TEST(FieldReader, CountsCharactersNotBytes) {
  Body body(R"({"a":"äöü","b":"😀","c":"","d":"x\u0000y","e":"1234"})");
  EXPECT_TRUE(body.reader.string("a", {.min = 3, .max = 3}));
  EXPECT_FALSE(body.reader.string("b", {.min = 2}));
  EXPECT_FALSE(body.reader.string("c", {.min = 1, .max = 5}));
  EXPECT_FALSE(body.reader.string("d"));
  EXPECT_FALSE(body.reader.string("e", {.min = 3, .max = 3}));
  EXPECT_EQ(body.told(),
            "/b: must be 2 to 1024 characters long\n/c: must be 1 to 5 characters long\n"
            "/d: must not contain the character U+0000\n/e: must be exactly 3 characters long\n");
}

TEST(FieldReader, HoldsNumbersToTheirLimits) {
  Body body(R"({"a":0,"b":11,"c":99999999999999999999,"d":1e999,"e":10})");
  const IntegerLimits limits{.min = 1, .max = 10};
  EXPECT_FALSE(body.reader.integer("a", limits));
  EXPECT_FALSE(body.reader.integer("b", limits));
  EXPECT_FALSE(body.reader.integer("c", limits));
  EXPECT_FALSE(body.reader.number("d"));
  EXPECT_EQ(body.reader.integer("e", limits), 10);
  EXPECT_EQ(body.faults.total(), 4U);
  EXPECT_EQ(body.faults.listed()[0].detail, "must be a whole number from 1 to 10");
}

TEST(FieldReader, SuggestsTheFieldThatWasMeant) {
  Body body(R"({"prioritty":1,"PAYLOAD":2,"zzz":3,"a/b~":4})");
  body.reader.integer("priority");
  body.reader.raw("payload");
  body.reader.done();
  EXPECT_EQ(body.told(),
            "/prioritty: unknown field; did you mean priority?\n"
            "/PAYLOAD: unknown field; remove it: the fields here are priority, payload\n"
            "/zzz: unknown field; remove it: the fields here are priority, payload\n"
            "/a~1b~0: unknown field; remove it: the fields here are priority, payload\n");
}

std::string object_of(std::size_t members) {
  std::string text = "{";
  for (std::size_t i = 0; i < members; ++i) {
    text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":0";
  }
  return text + "}";
}

TEST(FieldReader, ListsTheFirstFaultsAndCountsAll) {
  Body body(object_of(FieldReader::kMembersMax));
  body.reader.done();
  EXPECT_EQ(body.faults.listed().size(), 20U);
  EXPECT_EQ(body.faults.listed()[0].pointer, "/k0");
  EXPECT_EQ(body.faults.total(), FieldReader::kMembersMax);
}

TEST(FieldReader, AnObjectWithTooManyMembersIsOneFault) {
  Body body(object_of(60'000));
  EXPECT_EQ(body.reader.integer("k1", {.need = Need::required}), std::nullopt);
  EXPECT_EQ(body.reader.string("absent", {.need = Need::required}), std::nullopt);
  body.reader.done();
  EXPECT_EQ(body.told(),
            ": has more than 256 members; an object with fields has at most so many\n");
}

TEST(FieldFaults, CutsLongTextBetweenCharacters) {
  FieldFaults faults;
  faults.add(std::string(FieldFaults::kPointerBytes - 1, 'x') + "\u00e4", "short");
  EXPECT_EQ(faults.listed()[0].pointer, std::string(FieldFaults::kPointerBytes - 1, 'x') + "...");
  EXPECT_EQ(faults.listed()[0].detail, "short");
}

TEST(FieldReader, ReadsNestedObjectsWithTheirPointers) {
  Body body(R"({"retry":{"jitter":"much","x":1}})");
  FieldReader retry(*body.reader.object("retry"), body.reader.pointer("retry"), body.faults);
  retry.number("jitter");
  retry.done();
  EXPECT_EQ(body.told(),
            "/retry/jitter: must be a number\n"
            "/retry/x: unknown field; remove it: the fields here are jitter\n");
}

TEST(FieldReader, ABodyThatIsNoObjectIsOneFault) {
  Body body("[1]");
  body.reader.string("a", {.need = Need::required});
  body.reader.done();
  EXPECT_EQ(body.told(), ": must be a JSON object\n");
}

TEST(FieldReader, EscapedKeysAreTheSameKeys) {
  Body body(R"({"\u0061":"x"})");
  EXPECT_EQ(body.reader.string("a"), "x");
  body.reader.done();
  EXPECT_EQ(body.told(), "");
}

}  // namespace
}  // namespace belfry::json
