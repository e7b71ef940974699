#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/gzip.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/utf8.hpp"

namespace wxpay {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

std::span<const unsigned char> bytes(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

TEST(Base64, GivesTheAnswersOfRfc4648) {
    for (const auto& [text, encoded] :
         std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}}) {
        EXPECT_EQ(base64_encode(bytes(text)), encoded);
    }
    EXPECT_EQ(base64_encode(bytes("\xFB\xFF\xFE\0"s)), "+//+AA==");
    EXPECT_EQ(base64_encode(bytes(std::string(90, 'a'))).find('\n'), std::string::npos);
}

TEST(Base64, IsReadInOneSpellingOnly) {
    EXPECT_EQ(base64_decode(""), "");
    EXPECT_EQ(base64_decode("Zg=="), "f");
    EXPECT_EQ(base64_decode("Zm8="), "fo");
    EXPECT_EQ(base64_decode("Zm9v"), "foo");
    EXPECT_EQ(base64_decode("+//+AA=="), "\xFB\xFF\xFE\0"s);
    for (const std::string& text : {"Z"s, "Zg"s, "Zm8"s, "Zg="s, "Zg==="s, "===="s, "Z==="s,
                                    "Zh=="s, "Zm9="s, "Zg==Zg=="s, " Zm9v"s, "Zm9v\n"s, "Zm9v    "s,
                                    "Zm\n9v"s, "-__-"s, "Zm9\0"s, "Zm9\xC3"s, "Z=9v"s, "    "s}) {
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
    }
}

TEST(Base64Url, IsSafeAndUnpadded) {
    EXPECT_EQ(base64url_encode(bytes("\xFB\xFF\xFE\0"s)), "-__-AA");
    EXPECT_EQ(base64url_encode(bytes("")), "");
    EXPECT_EQ(base64url_encode(bytes("fo")), "Zm8");
}

TEST(Hex, AppendsTwoDigitsForEachByte) {
    std::string out = "x";
    append_hex(out, bytes("\x00\x0F\xA5\xFF"s), HexCase::lower);
    append_hex(out, bytes("\xAB"), HexCase::upper);
    append_hex(out, bytes(""), HexCase::upper);
    EXPECT_EQ(out, "x000fa5ffAB");
}

TEST(Utf8, TakesShortestFormsOnly) {
    for (const auto& text :
         {""s, "abc"s, "\0"s, "\x7F"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s,
          "\xEE\x80\x80"s, "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s, "支付😀"s}) {
        EXPECT_TRUE(is_utf8(text)) << testing::PrintToString(text);
    }
    for (const auto& text : {"\x80"s,
                             "\xBF"s,
                             "\xC0\x80"s,
                             "\xC1\xBF"s,
                             "\xC2"s,
                             "\xC2\x41"s,
                             "\xC2\xC2"s,
                             "\xE0\x80\x80"s,
                             "\xE0\x9F\xBF"s,
                             "\xE1\x80"s,
                             "\xE1\x80\x41"s,
                             "\xE1\x41\x80"s,
                             "\xED\xA0\x80"s,
                             "\xED\xBF\xBF"s,
                             "\xF0\x80\x80\x80"s,
                             "\xF0\x8F\xBF\xBF"s,
                             "\xF1\x80\x80"s,
                             "\xF1\x80\x80\x41"s,
                             "\xF4\x90\x80\x80"s,
                             "\xF5\x80\x80\x80"s,
                             "\xF8\x88\x80\x80\x80"s,
                             "\xFE"s,
                             "\xFF"s,
                             "\xD6\xA7\xB8\xB6"s}) {
        EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
    }
}

// Eight bytes are looked at together: a fault must be seen at each place in and around them.
TEST(Utf8, SeesAFaultAtEveryPlace) {
    for (std::size_t length = 1; length <= 40; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            std::string text(length, 'a');
            text[at] = '\x80';
            EXPECT_FALSE(is_utf8(text)) << at << " of " << length;
            if (at + 1 < length) {
                text[at] = '\xC2';
                text[at + 1] = '\x80';
                EXPECT_TRUE(is_utf8(text)) << at << " of " << length;
            }
        }
    }
}

TEST(Utf8, AgreesWithItsDefinitionOnAllShortTexts) {
    const auto text_of = [](std::uint32_t code_point) {
        std::string out(4, '\0');
        out.resize(encode_utf8(code_point, out.data()));
        return out;
    };
    for (std::uint32_t c = 0; c <= 0x10FFFF; ++c) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        const std::string text = text_of(c);
        if (!is_utf8(text) || utf8_length(text) != 1) ADD_FAILURE() << c;
    }
    EXPECT_EQ(text_of(0x24), "$");
    EXPECT_EQ(text_of(0xA3), "£");
    EXPECT_EQ(text_of(0x20AC), "€");
    EXPECT_EQ(text_of(0x10348), "𐍈");
    // Of all pairs of bytes, exactly the two-byte characters and the pairs of ASCII are text.
    int pairs = 0;
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            pairs +=
                is_utf8(std::string{static_cast<char>(first), static_cast<char>(second)}) ? 1 : 0;
        }
    }
    EXPECT_EQ(pairs, 128 * 128 + 30 * 64);
}

TEST(Utf8, CountsCharacters) {
    EXPECT_EQ(utf8_length(""), 0U);
    EXPECT_EQ(utf8_length("abc"), 3U);
    EXPECT_EQ(utf8_length("支付😀"), 3U);
}

TEST(Utf8, CutsBetweenCharacters) {
    EXPECT_EQ(utf8_prefix("abc", 2), "ab");
    EXPECT_EQ(utf8_prefix("abc", 3), "abc");
    EXPECT_EQ(utf8_prefix("abc", 9), "abc");
    EXPECT_EQ(utf8_prefix("支付", 5), "支");
    EXPECT_EQ(utf8_prefix("支付", 3), "支");
    EXPECT_EQ(utf8_prefix("支付", 2), "");
    EXPECT_EQ(utf8_prefix("a😀", 4), "a");
    EXPECT_EQ(utf8_prefix("", 0), "");
}

constexpr Instant kNoonInBeijing{std::chrono::sys_days{std::chrono::year(2024) / 6 / 1} + 4h +
                                 1min + 5s};

TEST(StartOfDay, IsMidnightInBeijing) {
    const auto start = [](const char* at) {
        return format_rfc3339(start_of_day(parse_rfc3339(at).value()));
    };
    EXPECT_EQ(start("2024-06-01T12:00:00+08:00"), "2024-06-01T00:00:00+08:00");
    EXPECT_EQ(start("2024-06-01T00:00:00+08:00"), "2024-06-01T00:00:00+08:00");
    EXPECT_EQ(start("2024-05-31T23:59:59.999+08:00"), "2024-05-31T00:00:00+08:00");
    EXPECT_EQ(start("2024-05-31T16:00:00Z"), "2024-06-01T00:00:00+08:00");
}

TEST(CompactTime, IsInBeijing) {
    EXPECT_EQ(format_compact_time(kNoonInBeijing), "20240601120105");
    EXPECT_EQ(parse_compact_time("20240601120105"), kNoonInBeijing);
    EXPECT_EQ(format_compact_time(Instant{}), "19700101080000");
    EXPECT_EQ(format_compact_time(Instant(-1ms)), "19700101075959");
    EXPECT_EQ(format_compact_time(kNoonInBeijing + 999ms), "20240601120105");
    EXPECT_EQ(format_compact_time(kNoonInBeijing + 12h), "20240602000105");
    EXPECT_EQ(parse_compact_time("20240229000000"),
              Instant{std::chrono::sys_days{std::chrono::year(2024) / 2 / 28} + 16h});
}

TEST(CompactTime, RefusesWhatNamesNoMoment) {
    for (const char* text :
         {"", "2024060112010", "202406011201050", "2024060112010x", "20240631120105",
          "20230229000000", "20240001120105", "20241301120105", "20240600120105", "20240601240000",
          "20240601126000", "20240601120060", "2024-06-01 12:0", " 0240601120105", "+0240601120105",
          "-0240601120105"}) {
        EXPECT_EQ(parse_compact_time(text), std::nullopt) << text;
    }
}

TEST(ReadableTime, IsBeijingTime) {
    EXPECT_EQ(format_readable_time(kNoonInBeijing + 999ms), "2024-06-01 12:01:05");
    EXPECT_EQ(parse_readable_time("2024-06-01 12:01:05"), kNoonInBeijing);
    for (const char* text : {"", "20240601120105", "2024-06-01T12:01:05", "2024-06-01 12:01:5",
                             "2024-06-01 12:01:05 ", "2024/06/01 12:01:05", "2024-06-31 12:01:05",
                             "2024-06-01 24:01:05", "2024-06-01 12:0x:05"}) {
        EXPECT_EQ(parse_readable_time(text), std::nullopt) << text;
    }
}

TEST(Rfc3339, IsWrittenInBeijing) {
    EXPECT_EQ(format_rfc3339(kNoonInBeijing), "2024-06-01T12:01:05+08:00");
    EXPECT_EQ(format_rfc3339(kNoonInBeijing + 250ms), "2024-06-01T12:01:05.250+08:00");
    EXPECT_EQ(format_rfc3339(kNoonInBeijing + 5ms), "2024-06-01T12:01:05.005+08:00");
}

TEST(Rfc3339, IsReadWithAnyOffset) {
    for (const char* text :
         {"2024-06-01T12:01:05+08:00", "2024-06-01T04:01:05Z", "2024-06-01t04:01:05z",
          "2024-06-01T04:01:05+00:00", "2024-06-01T04:01:05-00:00", "2024-05-31T18:31:05-09:30",
          "2024-06-01T12:01:05.000+08:00", "2024-06-01T12:01:05.0009999+08:00"}) {
        EXPECT_EQ(parse_rfc3339(text), kNoonInBeijing) << text;
    }
    EXPECT_EQ(parse_rfc3339("2024-06-01T12:01:05.25+08:00"), kNoonInBeijing + 250ms);
    EXPECT_EQ(parse_rfc3339("2024-06-01T12:01:05.123456789Z"), kNoonInBeijing + 8h + 123ms);
}

TEST(Rfc3339, RefusesWhatIsMalformed) {
    for (const char* text : {"",
                             "2024-06-01",
                             "2024-06-01T12:01:05",
                             "2024-06-01 12:01:05+08:00",
                             "2024-06-01T12:01:05+8:00",
                             "2024-06-01T12:01:05+0800",
                             "2024-06-01T12:01:05+08:0",
                             "2024-06-01T12:01:05+08:60",
                             "2024-06-01T12:01:05+24:00",
                             "2024-06-01T12:01:05.+08:00",
                             "2024-06-01T12:01:05.5",
                             "2024-06-01T12:01:05Zx",
                             "2024-06-31T12:01:05Z",
                             "2024-06-01T24:00:00Z",
                             "2024-06-01T12:60:05Z",
                             "2024-06-01T12:01:60Z",
                             "2024/06/01T12:01:05Z",
                             "2024-06-01T12.01:05Z",
                             "2024-06-01T12:01.05Z",
                             "20240601T120105+0800",
                             "2024-06-01T12:01:05 +08:00",
                             "2024-06-01T12:01:0aZ",
                             "2024-06-01T12:01:05*08:00",
                             "2024-06-01T12:01:05+08-00"}) {
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
    }
}

TEST(Rfc3339, ReadsBackWhatItWrote) {
    for (Instant at{-86'400'123ms}; at < Instant(4'000'000'000'000ms); at += 9'876'543'217ms) {
        EXPECT_EQ(parse_rfc3339(format_rfc3339(at)), at);
        EXPECT_EQ(parse_compact_time(format_compact_time(at)),
                  std::chrono::floor<std::chrono::seconds>(at));
    }
}

TEST(Gzip, ReadsWhatItWrites) {
    for (const std::string& text : {""s, "abc"s, std::string(200'000, 'x')})
        EXPECT_EQ(gunzip(gzip(text), text.size()), text);
    EXPECT_EQ(gunzip(gzip("abc"), 2), std::nullopt);
}

TEST(Gzip, JoinsTheMembersOfAFile) {
    EXPECT_EQ(gunzip(gzip("one ") + gzip("") + gzip("two"), 7), "one two");
    EXPECT_EQ(gunzip(gzip("one ") + gzip("") + gzip("two"), 6), std::nullopt);
}

TEST(Gzip, RefusesWhatIsNotAllOfAFileOrMore) {
    const std::string file = gzip("abc");
    for (std::size_t size = 0; size < file.size(); ++size)
        EXPECT_EQ(gunzip(file.substr(0, size), 3), std::nullopt) << size;
    for (const std::string& rest : {"\0"s, "x"s, "\x1f\x8b"s, file.substr(0, 10)})
        EXPECT_EQ(gunzip(file + rest, 100), std::nullopt);
}

}  // namespace
}  // namespace wxpay
