#include "core/http/url.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/codec/ascii.hpp"

namespace wxpay::http {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;
constexpr std::size_t kHostBytesMax = 255;

Failure<Error> malformed(std::string_view what) {
    return Failure{Error{Errc::malformed, "url: " + std::string(what)}};
}

bool is_printable_ascii(char c) { return static_cast<unsigned char>(c - '!') <= '~' - '!'; }

bool is_host_character(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' ||
           c == '.' || c == '_';
}

bool is_ipv6_character(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f') || c == ':' ||
           c == '.';
}

int default_port(std::string_view scheme) { return scheme == "https" ? kHttpsPort : kHttpPort; }

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

/// `text` is what stands between "host" and the path: "" or ":8080".
Result<int> parse_port(std::string_view text, std::string_view scheme) {
    if (text.empty()) return default_port(scheme);
    text.remove_prefix(1);
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535)
        return malformed("bad port");
    return port;
}

}  // namespace

std::string host_and_port(const std::string& host, int port) {
    return bracketed(host) + ':' + std::to_string(port);
}

Result<Url> Url::parse(std::string_view text) {
    // Letters beyond ASCII must come percent-encoded.
    if (!std::all_of(text.begin(), text.end(), is_printable_ascii))
        return malformed("a space, a control character or a letter beyond ASCII");

    Url url;
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return malformed("no http:// or https:// in front");
    url.scheme = text.substr(0, scheme_end);
    std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(), ascii_lower);
    if (url.scheme != "http" && url.scheme != "https") return malformed("neither http nor https");
    text.remove_prefix(scheme_end + 3);

    auto authority = text.substr(0, text.find_first_of("/?#"));
    auto target = text.substr(authority.size());
    if (authority.find('@') != std::string_view::npos)
        return malformed("user info is not supported");
    if (target.find('#') != std::string_view::npos)
        return malformed("a fragment is not sent to servers");
    if (authority.find('\\') != std::string_view::npos ||
        target.find('\\') != std::string_view::npos)
        return malformed("a backslash");

    std::size_t host_end = 0;
    if (authority.starts_with('[')) {
        const auto bracket = authority.find(']');
        if (bracket == std::string_view::npos) return malformed("no ] after an IPv6 address");
        url.host = authority.substr(1, bracket - 1);
        const bool is_ipv6 = url.host.find(':') != std::string::npos &&
                             std::all_of(url.host.begin(), url.host.end(), is_ipv6_character);
        if (!is_ipv6) return malformed("not an IPv6 address");
        host_end = bracket + 1;
        if (host_end < authority.size() && authority[host_end] != ':')
            return malformed("no port after ]");
    } else {
        host_end = std::min(authority.find(':'), authority.size());
        url.host = authority.substr(0, host_end);
        if (!std::all_of(url.host.begin(), url.host.end(), is_host_character))
            return malformed("not a host name");
    }
    if (url.host.empty()) return malformed("no host");
    if (url.host.size() > kHostBytesMax) return malformed("the host is too long");
    std::transform(url.host.begin(), url.host.end(), url.host.begin(), ascii_lower);
    WXPAY_TRY(url.port, parse_port(authority.substr(host_end), url.scheme));

    if (!target.starts_with('/')) url.target = '/';
    url.target += target;
    return url;
}

std::string Url::origin() const { return scheme + "://" + host_and_port(host, port); }

std::string Url::authority() const {
    return port == default_port(scheme) ? bracketed(host) : host_and_port(host, port);
}

}  // namespace wxpay::http
