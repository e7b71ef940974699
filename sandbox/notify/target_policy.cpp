#include "sandbox/notify/target_policy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace wxpay::sandbox {
namespace {

/// As IPv6; IPv4 is mapped, as in ::ffff:127.0.0.1.
using Address = std::array<std::uint8_t, 16>;

struct Range {
    const char* prefix;
    int bits;
};

constexpr Range kAllowed[] = {
    // loopback
    {"127.0.0.0", 8},
    {"::1", 128},
    // private
    {"10.0.0.0", 8},
    {"172.16.0.0", 12},
    {"192.168.0.0", 16},
    {"fc00::", 7},
    // carriers and containers
    {"100.64.0.0", 10},
};

constexpr Range kNever[] = {
    // unspecified
    {"0.0.0.0", 8},
    {"::", 128},
    // link-local, where most clouds keep their metadata
    {"169.254.0.0", 16},
    {"fe80::", 10},
    // multicast, broadcast
    {"224.0.0.0", 4},
    {"ff00::", 8},
    {"255.255.255.255", 32},
    // metadata elsewhere
    {"100.100.100.200", 32},
    {"192.0.0.192", 32},
    {"168.63.129.16", 32},
    {"fd00:ec2::254", 128},
    {"fd20:ce::254", 128},
};

/// Addresses that a translator (NAT64) turns into the IPv4 address in their last four bytes.
constexpr Range kTranslated = {"64:ff9b::", 96};

constexpr std::string_view kWeChatDomains[] = {"weixin.qq.com", "wechatpay.cn", "tenpay.com"};

std::optional<Address> parse_address(const std::string& text) {
    Address address{};
    if (inet_pton(AF_INET, text.c_str(), &address[12]) == 1) {
        address[10] = address[11] = 0xff;
        return address;
    }
    // A zone ("fe80::1%eth0") says by which interface, not where.
    if (inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), address.data()) == 1)
        return address;
    return std::nullopt;
}

bool is_in(const Address& address, const Range& range) {
    const Address prefix = parse_address(range.prefix).value();
    const bool is_v4 = std::string_view(range.prefix).find(':') == std::string_view::npos;
    const int bits = range.bits + (is_v4 ? 96 : 0);
    for (int bit = 0; bit < bits; bit += 8) {
        const auto at = static_cast<std::size_t>(bit / 8);
        const int mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit));
        if (((address[at] ^ prefix[at]) & mask) != 0) return false;
    }
    return true;
}

template <std::size_t N>
bool is_in_any(const Address& address, const Range (&ranges)[N]) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [&](const Range& range) { return is_in(address, range); });
}

bool is_never(const Address& address) {
    if (is_in_any(address, kNever)) return true;
    if (!is_in(address, kTranslated)) return false;
    Address inner{};
    inner[10] = inner[11] = 0xff;
    std::copy(address.begin() + 12, address.end(), inner.begin() + 12);
    return is_in_any(inner, kNever);
}

/// For a line of text: nothing but printable ASCII, and not endlessly.
std::string printable(const std::string& text) {
    constexpr std::size_t kMax = 253;  // the longest host name
    std::string out = text.substr(0, kMax);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return out;
}

}  // namespace

std::string TargetPolicy::normalized(std::string host) {
    if (host.size() > 1 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    if (const auto address = parse_address(host)) {
        std::array<char, INET6_ADDRSTRLEN> text{};
        inet_ntop(AF_INET6, address->data(), text.data(), text.size());
        return text.data();
    }
    while (host.ends_with('.')) host.pop_back();
    std::transform(host.begin(), host.end(), host.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return host;
}

bool TargetPolicy::is_wechat(const std::string& host) {
    const std::string name = normalized(host);
    return std::any_of(
        std::begin(kWeChatDomains), std::end(kWeChatDomains), [&](std::string_view domain) {
            return name == domain ||
                   (name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
        });
}

std::string TargetPolicy::why_useless(const std::string& host) {
    if (is_wechat(host)) return "WeChat's own host: callbacks never go there";
    const std::string name = normalized(host);
    if (const auto address = parse_address(name))
        return is_never(*address)
                   ? "link-local, metadata, multicast or unspecified: callbacks never "
                     "go there"
                   : "";
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    return is_name ? ""
                   : "a host is wanted, without scheme, port and path: shop.example or 203.0.113.7";
}

TargetPolicy::TargetPolicy(const std::vector<std::string>& extra) {
    std::transform(extra.begin(), extra.end(), std::back_inserter(extra_), normalized);
}

TargetPolicy::Reason TargetPolicy::judge(const std::string& host,
                                         const std::string& address) const {
    if (is_wechat(host)) return Reason::wechat;
    const auto target = parse_address(address);
    if (!target) return Reason::no_address;
    if (is_never(*target)) return Reason::never;
    if (is_in_any(*target, kAllowed)) return Reason::none;
    return is_named(host) || is_named(address) ? Reason::none : Reason::not_named;
}

bool TargetPolicy::allows(const std::string& host, const std::string& address) const {
    return judge(host, address) == Reason::none;
}

bool TargetPolicy::is_named(const std::string& host) const {
    return std::find(extra_.begin(), extra_.end(), normalized(host)) != extra_.end();
}

std::string TargetPolicy::why_not(const std::string& host, const std::string& address) const {
    const std::string name = printable(host);
    const std::string place = printable(address);
    switch (judge(host, address)) {
        case Reason::none:
            break;
        case Reason::wechat:
            return name + " is WeChat's own host: callbacks never go there";
        case Reason::no_address:
            return "'" + place + "' is not an IP address";
        case Reason::never:
            return "callbacks never go to " + place +
                   " (link-local, metadata, multicast or unspecified); use a loopback or private "
                   "address";
        case Reason::not_named:
            return place +
                   " is neither a loopback nor a private address; start with --allow-notify " +
                   name + " to allow it";
    }
    return {};
}

}  // namespace wxpay::sandbox
