#pragma once

#include <string>
#include <vector>

namespace wxpay::sandbox {

/// Where callbacks may go. A notify_url comes from whoever calls the API, so without this the
/// sandbox would send requests wherever it is told to, from inside the network it runs in.
///
/// Allowed are loopback, private and container addresses, and what was named by --allow-notify.
/// Refused whatever was named: link-local, multicast, unspecified and metadata addresses, and
/// WeChat's own hosts. Names compare without case and without trailing dots; an IPv4-mapped IPv6
/// address is the IPv4 address inside it.
class TargetPolicy {
  public:
    /// extra  host names and IP addresses that may lead to public addresses too. A name allows
    /// every address it
    ///        resolves to, an address every name that resolves to it.
    explicit TargetPolicy(const std::vector<std::string>& extra = {});

    /// One spelling for each host: names in lower case without trailing dots, addresses as IPv6.
    static std::string normalized(std::string host);
    /// Whether it is one of WeChat's own hosts, however it is spelled.
    static bool is_wechat(const std::string& host);

    /// Why naming this host allows nothing; empty when it does.
    static std::string why_useless(const std::string& host);

    /// host     as the url names it
    /// address  the IP address it resolved to, textual; what is not one is refused
    bool allows(const std::string& host, const std::string& address) const;

    /// Whether it was named as one that may lead to public addresses.
    bool is_named(const std::string& host) const;

    /// Why not, in one line of printable ASCII that names the way out where there is one; empty
    /// when allowed.
    std::string why_not(const std::string& host, const std::string& address) const;

  private:
    enum class Reason { none, wechat, no_address, never, not_named };
    Reason judge(const std::string& host, const std::string& address) const;

    std::vector<std::string> extra_;  // normalized
};

}  // namespace wxpay::sandbox
