#include "core/codec/beijing_time.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace wxpay {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr hours kBeijing{8};

struct Parts {
    int year;
    unsigned month;
    unsigned day;
    std::int64_t hour;
    std::int64_t minute;
    std::int64_t second;
    std::int64_t milli;
};

Parts in_beijing(Instant at) {
    const Instant local = at + kBeijing;
    const auto midnight = std::chrono::floor<days>(local);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss time{local - midnight};
    return {static_cast<int>(date.year()),
            static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()),
            time.hours().count(),
            time.minutes().count(),
            time.seconds().count(),
            time.subseconds().count()};
}

/// A number of exactly the text's digits, or nothing.
std::optional<unsigned> number(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

/// A moment from its fields read as UTC; nothing when a field is out of range. A leap second is not
/// a moment here.
std::optional<Instant> moment(std::string_view year, std::string_view month, std::string_view day,
                              std::string_view hour, std::string_view minute,
                              std::string_view second) {
    const auto y = number(year);
    const auto mo = number(month);
    const auto d = number(day);
    const auto h = number(hour);
    const auto mi = number(minute);
    const auto s = number(second);
    if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*y)),
                                           std::chrono::month(*mo), std::chrono::day(*d)};
    if (!date.ok()) return std::nullopt;
    return Instant{std::chrono::sys_days{date} + hours(*h) + minutes(*mi) + seconds(*s)};
}

}  // namespace

Instant start_of_day(Instant at) {
    return Instant(std::chrono::floor<days>(at + kBeijing).time_since_epoch()) - kBeijing;
}

std::string format_compact_time(Instant at) {
    const Parts t = in_beijing(at);
    return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", t.year, t.month, t.day, t.hour, t.minute,
                       t.second);
}

std::optional<Instant> parse_compact_time(std::string_view text) {
    if (text.size() != 14) return std::nullopt;
    const auto local = moment(text.substr(0, 4), text.substr(4, 2), text.substr(6, 2),
                              text.substr(8, 2), text.substr(10, 2), text.substr(12, 2));
    if (!local) return std::nullopt;
    return *local - kBeijing;
}

std::string format_readable_time(Instant at) {
    const Parts t = in_beijing(at);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour,
                       t.minute, t.second);
}

std::optional<Instant> parse_readable_time(std::string_view text) {
    if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' ||
        text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    const auto local = moment(text.substr(0, 4), text.substr(5, 2), text.substr(8, 2),
                              text.substr(11, 2), text.substr(14, 2), text.substr(17, 2));
    if (!local) return std::nullopt;
    return *local - kBeijing;
}

std::string format_rfc3339(Instant at) {
    const Parts t = in_beijing(at);
    const std::string fraction = t.milli == 0 ? std::string() : fmt::format(".{:03}", t.milli);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}+08:00", t.year, t.month, t.day,
                       t.hour, t.minute, t.second, fraction);
}

std::string format_rfc3339_seconds(Instant at) {
    return format_rfc3339(std::chrono::floor<std::chrono::seconds>(at));
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
        (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    auto at = moment(text.substr(0, 4), text.substr(5, 2), text.substr(8, 2), text.substr(11, 2),
                     text.substr(14, 2), text.substr(17, 2));
    if (!at) return std::nullopt;
    std::string_view rest = text.substr(19);
    if (rest.front() == '.') {
        const std::size_t end = rest.find_first_not_of("0123456789", 1);
        if (end == std::string_view::npos || end == 1) return std::nullopt;
        std::string milli(rest.substr(1, std::min<std::size_t>(end - 1, 3)));
        milli.resize(3, '0');
        *at += Millis(number(milli).value_or(0));
        rest = rest.substr(end);
    }
    if (rest == "Z" || rest == "z") return at;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':')
        return std::nullopt;
    const auto h = number(rest.substr(1, 2));
    const auto m = number(rest.substr(4, 2));
    if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
    const minutes offset = hours(*h) + minutes(*m);
    return rest[0] == '+' ? *at - offset : *at + offset;
}

}  // namespace wxpay
