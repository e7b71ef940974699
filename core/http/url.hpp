#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace wxpay::http {

/// "host:port", with brackets around an IPv6 address.
std::string host_and_port(const std::string& host, int port);

/// An absolute http or https url, taken apart. No user info, no fragment.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< lower case; an IPv6 address without its brackets
    int port = 0;        ///< the scheme's default when the url names none
    std::string target;  ///< path and query as they go on the request line, at least "/"

    /// Fails with malformed: other scheme, no host, bad port, user info, spaces or control
    /// characters.
    static Result<Url> parse(std::string_view text);

    /// "scheme://host:port", the key under which connections are shared.
    std::string origin() const;
    /// The Host header's value: the port only when it is not the scheme's default, IPv6 in
    /// brackets.
    std::string authority() const;
};

}  // namespace wxpay::http
