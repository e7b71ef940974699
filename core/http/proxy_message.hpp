#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/http/framing.hpp"
#include "core/http/url.hpp"

namespace wxpay::http {

/// What a client asks of a forward proxy: a tunnel (CONNECT), or that its request be forwarded (one
/// whose target is a whole url).
struct ProxyRequest {
    bool tunnel = false;
    Url url;  ///< of a tunnel, host and port count alone
};

/// source  RFC 9110, 9.3.6; RFC 9112, 3.2.2 and 3.2.3. Refused: other targets, a tunnel without a
/// port or with a body, HTTP/1.1 without Host.
Result<ProxyRequest, FramingError> parse_proxy_request(const MessageHead& head);

/// The head that is sent on: the target in origin form, Host that of the url, without the lines
/// that concern this connection only (RFC 9110, 7.6.1) or the proxy, and closing its own. The
/// body's framing is as it was.
std::string forwarded_request(const MessageHead& head, const Url& url);

/// The same for an answer.
/// reason  as it stood on the status line, may be empty
/// keeps   whether the client may use its connection again
/// minor_version  of its request
std::string forwarded_response(const MessageHead& head, std::string_view reason, bool keeps,
                               int minor_version);

/// Whether the client wants to go on after this request. Old ones say so in Proxy-Connection.
bool keeps_proxy_connection(const MessageHead& head);

}  // namespace wxpay::http
