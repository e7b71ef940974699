#include <string>

#include <nlohmann/json.hpp>

#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"

#include "merchant/api/routes.hpp"
#include "merchant/limits.hpp"
#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant::api {
namespace {

constexpr std::size_t kTokenLength = 40;  // 238 bits
constexpr std::string_view kScheme = "Bearer ";

std::string digest(std::string_view token) {
    std::string out;
    append_hex(out, sha256(token), HexCase::lower);
    return out;
}

Failure<Problem> not_signed_in(const char* message) {
    return Failure{Problem{401, "not_signed_in", message}};
}

Failure<Problem> wechat_unavailable(const char* message) {
    return Failure{Problem{502, "wechat_unavailable", message}};
}

}  // namespace

/// POST /api/login {"code"}: wx.login's code for a session. The openid stays here: a client that
/// could name its own openid could order as anybody. The session_key is not even kept, for nothing
/// here needs it.
Outcome login(const Call& call, const Context& context) {
    WXPAY_TRY(const nlohmann::json body, read_object(call.request));
    WXPAY_TRY(const std::string code, text_field(body, "code", kLoginCodeBytesMax));

    auto said = context.wechat.openid_of(code);
    if (!said) {
        context.report(Severity::warning, "login: " + log_text(said.error().detail));
        if (said.error().code == Errc::refused)
            return Failure{Problem{401, "login_refused", "WeChat refused this code", "code"}};
        return wechat_unavailable("WeChat cannot be asked who you are; try again");
    }
    auto openid = OpenId::parse(*said);
    if (!openid) return wechat_unavailable("WeChat gave an openid of unknown shape");

    const std::string token = context.random.alphanumeric(kTokenLength);
    const Instant now = context.clock.now();
    const auto books = context.store.begin();
    books->add_session({digest(token), *std::move(openid), now + kSessionLife}, now);
    books->commit();
    return json_answer(200, {{"session", token}});
}

Result<OpenId, Problem> signed_in(const Call& call, const Context& context) {
    const std::string_view header = call.request.headers.get("Authorization");
    if (!http::equals_ignoring_case(header.substr(0, kScheme.size()), kScheme))
        return not_signed_in("send Authorization: Bearer and the session that /api/login gave");
    // Looked up by its digest, so that the time it takes says nothing about real tokens.
    const auto session = context.store.begin()->find_session(digest(header.substr(kScheme.size())));
    if (!session || session->expires_at <= context.clock.now())
        return not_signed_in("the session is unknown or has expired; log in again");
    return session->openid;
}

}  // namespace wxpay::merchant::api
