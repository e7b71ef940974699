#include "core/http/proxy_message.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/codec/ascii.hpp"

namespace wxpay::http {
namespace {

constexpr std::string_view kProxyPrefix = "Proxy-";

Failure<FramingError> bad_request(const char* detail) { return Failure{FramingError{400, detail}}; }

bool is_any(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view each) { return equals_ignoring_case(name, each); });
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
    return out;
}

/// Which lines of a head concern one connection only. A sender may name more of them in Connection,
/// but not those that say where a message goes and where it ends. It may name thousands: so they
/// are sorted, once for the head.
class HopByHop {
  public:
    explicit HopByHop(const MessageHead& head) {
        for (const std::string_view name : head.tokens("Connection"))
            named_.push_back(lower_case(name));
        std::sort(named_.begin(), named_.end());
    }
    bool has(std::string_view name) const {
        if (is_any(name, {"Host", "Content-Length", "Transfer-Encoding"})) return false;
        return is_any(name, {"Connection", "Keep-Alive", "TE", "Upgrade"}) ||
               equals_ignoring_case(name.substr(0, kProxyPrefix.size()), kProxyPrefix) ||
               std::binary_search(named_.begin(), named_.end(), lower_case(name));
    }

  private:
    std::vector<std::string> named_;
};

void add_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

Result<ProxyRequest, FramingError> parse_tunnel(const MessageHead& head) {
    const std::string_view target = head.target;
    const auto colon = target.rfind(':');
    const auto bracket = target.rfind(']');
    const bool has_port = colon != std::string_view::npos && colon + 1 < target.size() &&
                          (bracket == std::string_view::npos || bracket < colon);
    const auto url = Url::parse("http://" + head.target);
    if (!has_port || !url || target.find_first_of("/?") != std::string_view::npos)
        return bad_request("CONNECT wants HOST:PORT");
    if (head.headers.find("Transfer-Encoding") ||
        (head.headers.find("Content-Length") && head.headers.get("Content-Length") != "0"))
        return bad_request("CONNECT with a body");
    return ProxyRequest{true, *url};
}

}  // namespace

Result<ProxyRequest, FramingError> parse_proxy_request(const MessageHead& head) {
    if (head.minor_version > 0 && !head.headers.find("Host"))
        return bad_request("no Host in the head");
    if (head.method == "CONNECT") return parse_tunnel(head);
    if (head.target.starts_with('/') || head.target == "*")
        return bad_request(
            "this port is a proxy: set HTTPS_PROXY and HTTP_PROXY to its address, and call "
            "WeChat's hosts as if they were there");
    auto url = Url::parse(head.target);
    if (!url) return bad_request("a proxy wants CONNECT HOST:PORT or a whole url");
    return ProxyRequest{false, *std::move(url)};
}

std::string forwarded_request(const MessageHead& head, const Url& url) {
    std::string out;
    out.append(head.method).append(" ").append(url.target).append(" HTTP/1.");
    out.append(std::to_string(head.minor_version)).append("\r\n");
    const HopByHop hop_by_hop(head);
    bool has_host = false;
    for (const auto& [name, value] : head.headers) {
        if (hop_by_hop.has(name)) continue;
        const bool is_host = equals_ignoring_case(name, "Host");
        has_host = has_host || is_host;
        // What the target says counts; written as the client wrote it, where that is the same.
        const bool differs = is_host && !equals_ignoring_case(value, url.authority());
        add_line(out, name, differs ? url.authority() : value);
    }
    if (!has_host) add_line(out, "Host", url.authority());
    add_line(out, "Connection", "close");
    return out.append("\r\n");
}

std::string forwarded_response(const MessageHead& head, std::string_view reason, bool keeps,
                               int minor_version) {
    std::string out = "HTTP/1.1 " + std::to_string(head.status);
    out.append(" ").append(reason).append("\r\n");
    const HopByHop hop_by_hop(head);
    for (const auto& [name, value] : head.headers)
        if (!hop_by_hop.has(name)) add_line(out, name, value);
    if (head.status >= 200) {
        if (!keeps) {
            add_line(out, "Connection", "close");
        } else if (minor_version == 0) {
            add_line(out, "Connection", "keep-alive");
        }
    }
    return out.append("\r\n");
}

bool keeps_proxy_connection(const MessageHead& head) {
    if (head.has_token("Proxy-Connection", "close")) return false;
    return head.keeps_connection() || (head.has_token("Proxy-Connection", "keep-alive") &&
                                       !head.has_token("Connection", "close"));
}

}  // namespace wxpay::http
