#include "sandbox/diagnosis/signed_text.hpp"

#include "core/codec/xml.hpp"
#include "core/v2/sign.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::diagnosis {

std::string signed_text(const http::Request& request) {
    if (const auto call = v3::parse_authorization(request.headers.get("Authorization"))) {
        return v3::request_string(request.method, http::target_of(request), call->timestamp,
                                  call->nonce_str, request.body);
    }
    if (const auto callback = v3::read_signature(request.headers))
        return v3::response_string(callback->timestamp, callback->nonce, request.body);
    const auto message = XmlMessage::parse(request.body);
    if (!message || !message->find("sign")) return {};
    return v2::string_to_sign(message->fields()) + std::string(kMask);
}

}  // namespace wxpay::sandbox::diagnosis
