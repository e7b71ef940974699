#include "sandbox/control/curl_line.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "core/codec/shell.hpp"
#include "core/codec/utf8.hpp"

#include "sandbox/control/render.hpp"

namespace wxpay::sandbox::control {
namespace {

/// Longer arguments are refused by the kernel (MAX_ARG_STRLEN); pipes have no such limit.
constexpr std::size_t kArgumentMax = 100 * 1024;

/// Whether it survives JSON, a terminal and the command line as it is.
bool is_plain(std::string_view body) {
    return body.size() <= kArgumentMax && is_utf8(body) &&
           std::none_of(body.begin(), body.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
           });
}

/// The body as printf's format: everything that is not plain ASCII in octal.
std::string printf_format(std::string_view body) {
    std::string out;
    for (const char c : body) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e || c == '\\' || c == '\'') {
            out += fmt::format("\\{:03o}", byte);
        } else {
            out += c;
            if (c == '%') out += c;
        }
    }
    return out;
}

/// curl says these itself.
bool is_curls_own(std::string_view name) {
    constexpr std::array<std::string_view, 6> kNames{
        "Host", "Content-Length", "Connection", "Transfer-Encoding", "Expect", "Accept-Encoding"};
    return std::any_of(kNames.begin(), kNames.end(), [name](std::string_view own) {
        return http::equals_ignoring_case(own, name);
    });
}

/// The path as it stands on a request line.
std::string encoded(std::string_view path) {
    std::string out;
    for (const char c : path) out += c == '/' ? "/" : http::percent_encode({&c, 1});
    return out;
}

}  // namespace

std::string curl_line(const Exchange& exchange, const std::string& base_url) {
    const http::Request& request = exchange.request;
    std::string url = exchange.url;
    if (exchange.kind == Exchange::Kind::api) {
        url = base_url + encoded(request.path);
        if (!request.query.empty()) url += "?" + request.query;
    }
    std::string out = request.method == "HEAD"
                          ? std::string("curl -I")
                          : fmt::format("curl -X {}", shell_quoted(request.method));
    out += " " + shell_quoted(mask_url(url));
    for (const auto& [name, value] : mask_headers(request.headers)) {
        if (is_curls_own(name)) continue;
        out += " -H " + shell_quoted(value.empty() ? name + ";" : name + ": " + value);
    }
    if (request.body.empty()) return out;
    if (!request.headers.find("Content-Type")) out += " -H 'Content-Type:'";  // none, as it came
    if (is_plain(request.body)) return out + " --data-raw " + shell_quoted(request.body);
    return fmt::format("printf '{}' | {} --data-binary @-", printf_format(request.body), out);
}

}  // namespace wxpay::sandbox::control
