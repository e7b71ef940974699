#include "core/http/message.hpp"

#include <algorithm>

#include "core/codec/arena.hpp"
#include "core/codec/ascii.hpp"
#include "core/codec/pieces.hpp"

namespace wxpay::http {
namespace {

/// -1 for what is no hex digit.
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f') return ascii_lower(c) - 'a' + 10;
    return -1;
}

constexpr bool is_unreserved(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

/// Path and query of a request target, be it absolute as proxies send it ("http://host/path").
std::string_view origin_form(std::string_view target) {
    if (target.starts_with('/')) return target;
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos) return target;
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return x == y || ascii_lower(x) == ascii_lower(y);
           });
}

void Headers::add(std::string_view name, std::string_view value) {
    if (spans_.empty()) {  // room for an ordinary message
        text_.reserve(256);
        spans_.reserve(8);
    }
    spans_.push_back({static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
    append_pair(text_, name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
    Headers out;
    for (const auto& [other, its_value] : *this)
        if (!equals_ignoring_case(other, name)) out.add(other, its_value);
    out.add(name, value);
    *this = std::move(out);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& [line_name, value] : *this)
        if (equals_ignoring_case(line_name, name)) return value;
    return std::nullopt;
}

std::vector<std::pair<std::string_view, std::string_view>> query_parameters(
    std::string_view query) {
    std::vector<std::pair<std::string_view, std::string_view>> out;
    for (const std::string_view pair : pieces_of(query, '&')) {
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        out.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    }
    return out;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
    for (const auto& [written, value] : query_parameters(query)) {
        if (percent_decode(written, true) == name) return percent_decode(value, true);
    }
    return std::nullopt;
}

void set_target(Request& request, std::string_view target) {
    target = origin_form(target);
    const auto question = std::min(target.find('?'), target.size());
    request.path = question == 0 ? "/" : percent_decode(target.substr(0, question));
    request.query = target.substr(std::min(question + 1, target.size()));
    request.target = target;
}

std::string target_of(const Request& request) {
    if (!request.target.empty()) return request.target;
    constexpr std::string_view kPlain = "/!$&'()*+,;=:@";
    std::string out;
    out.reserve(request.path.size() + 1 + request.query.size());
    for (const char c : request.path) {
        if (kPlain.find(c) != std::string_view::npos)
            out += c;
        else
            out += percent_encode({&c, 1});
    }
    if (!request.query.empty()) out.append("?").append(request.query);
    return out;
}

std::string percent_decode(std::string_view text, bool form) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            decoded += form && text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded += {'%', kDigits[byte / 16], kDigits[byte % 16]};
        }
    }
    return encoded;
}

}  // namespace wxpay::http
