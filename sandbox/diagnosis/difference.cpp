#include "sandbox/diagnosis/difference.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/codec/utf8.hpp"
#include "core/crypto/digest.hpp"

#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

constexpr std::string_view kBeforeKey = "&key=";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Some bytes around `at`, whole characters.
std::string around(std::string_view text, std::size_t at) {
    constexpr std::size_t kBefore = 24;
    constexpr std::size_t kLength = 64;
    std::size_t from = at > kBefore ? at - kBefore : 0;
    while (from > 0 && is_continuation(text[from])) --from;
    const std::string_view rest = text.substr(from);
    const std::string_view part = utf8_prefix(rest, kLength);
    return (from > 0 ? "…" : "") + shown_text(part) + (part.size() < rest.size() ? "…" : "");
}

/// The name of the field in which the byte lies; empty between two.
std::string_view field_at(std::string_view text, std::size_t at) {
    const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('&', at - 1);
    const std::size_t from = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view field = text.substr(from, text.find('&', from) - from);
    return field.substr(0, field.find('='));
}

std::string_view without_line_end(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

std::string masked(std::string text, const Secret& key) {
    for (std::size_t at = 0; !key.empty() && (at = text.find(key.reveal())) != std::string::npos;)
        text.replace(at, key.reveal().size(), kMask);
    return text;
}

Comparison compare_keys(std::string_view mine, const Secret& key) {
    if (key.empty()) {
        return {true,
                "The two are equal up to the key. When the sign is wrong all the same, the key or "
                "the hash is another one.\n"};
    }
    if (equal_in_constant_time(mine, key.reveal())) return {true, "The two are equal.\n"};
    return {false, fmt::format("The two are equal up to the key, and the keys differ: yours has {} "
                               "bytes, the right one has {}.\n",
                               mine.size(), key.reveal().size())};
}

/// At the start of a character.
std::size_t first_difference(std::string_view mine, std::string_view wanted) {
    const auto [a, b] = std::mismatch(mine.begin(), mine.end(), wanted.begin(), wanted.end());
    auto at = static_cast<std::size_t>(a - mine.begin());
    const bool is_inside_character =
        (a != mine.end() && is_continuation(*a)) || (b != wanted.end() && is_continuation(*b));
    while (is_inside_character && at > 0 && static_cast<unsigned char>(mine[at - 1]) >= 0x80) --at;
    return at;
}

std::string shown_difference(std::string_view mine, std::string_view wanted, std::size_t at,
                             const std::string& place) {
    return fmt::format("The first difference is at byte {}{}:\n  wanted  {}\n  yours   {}\n",
                       at + 1, place.empty() ? "" : ", at " + place,
                       around(wanted, std::min(at, wanted.size())), around(mine, at));
}

/// Which line of a V3 string to sign holds the byte. The body is the last one, and may have many.
std::string_view line_at(std::string_view wanted, std::size_t at) {
    constexpr std::array<std::string_view, 5> kLines{"method", "path and query", "timestamp",
                                                     "nonce", "body"};
    const bool is_call = !wanted.empty() && (wanted.front() < '0' || wanted.front() > '9');
    const auto passed =
        std::count(wanted.begin(),
                   wanted.begin() + static_cast<std::ptrdiff_t>(std::min(at, wanted.size())), '\n');
    const auto line = static_cast<std::size_t>(passed) + (is_call ? 0 : 2);
    return kLines.at(std::min(line, kLines.size() - 1));
}

}  // namespace

Comparison compare_texts(std::string_view mine, std::string_view wanted, const Secret& key) {
    mine = without_line_end(mine);
    if (!is_utf8(mine)) return {false, "Yours is not UTF-8; WeChat wants UTF-8, never GBK.\n"};
    const std::size_t wanted_end = wanted.rfind(kBeforeKey);
    if (wanted_end != std::string_view::npos) wanted = wanted.substr(0, wanted_end);
    const std::size_t mine_end = mine.rfind(kBeforeKey);
    const std::string fields = masked(std::string(mine.substr(0, mine_end)), key);
    if (fields == wanted) {
        if (mine_end != std::string_view::npos)
            return compare_keys(mine.substr(mine_end + kBeforeKey.size()), key);
        return {false, "The fields are equal, but yours does not end in '&key=' and the key.\n"};
    }
    const std::size_t at = first_difference(fields, wanted);
    // Where theirs ends with a field, it is the next one that is missing.
    const bool is_cut = at == fields.size() && at < wanted.size() && wanted[at] == '&';
    const std::string_view name = field_at(wanted, std::min(at + (is_cut ? 1 : 0), wanted.size()));
    return {false,
            shown_difference(fields, wanted, at, name.empty() ? "" : fmt::format("'{}'", name))};
}

Comparison compare_lines(std::string_view mine, std::string_view wanted) {
    if (mine == wanted || mine == std::string(wanted) + "\n") return {true, "The two are equal.\n"};
    if (std::string(mine) + "\n" == wanted)
        return {false,
                "Yours lacks the last line end: each line is ended by LF, the last one too.\n"};
    if (!is_utf8(mine)) return {false, "Yours is not UTF-8; WeChat wants UTF-8, never GBK.\n"};
    if (mine.find("\r\n") != std::string_view::npos &&
        wanted.find("\r\n") == std::string_view::npos)
        return {false, "Yours has line ends of CR and LF; wanted is LF alone.\n"};
    const std::size_t at = first_difference(mine, wanted);
    return {false, shown_difference(mine, wanted, at, "the " + std::string(line_at(wanted, at)))};
}

}  // namespace wxpay::sandbox::diagnosis
