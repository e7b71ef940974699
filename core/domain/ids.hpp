#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"

namespace wxpay {

/// A text that has passed its type's rule. `Rule` has `kName` and `static bool
/// accepts(std::string_view)`.
template <class Rule>
class Checked {
  public:
    Checked() = default;  ///< empty: "not given", where a record has an optional text

    /// The only way to a non-empty one; invalid_value when the rule refuses the text.
    static Result<Checked> parse(std::string_view text) {
        if (!Rule::accepts(text)) {
            return Failure{
                Error{Errc::invalid_value, std::string("not a ") + Rule::kName, Rule::kName}};
        }
        Checked out;
        out.text_ = std::string(text);
        return out;
    }

    const std::string& str() const { return text_; }
    bool empty() const { return text_.empty(); }
    friend auto operator<=>(const Checked&, const Checked&) = default;

  private:
    std::string text_;
};

namespace rules {
struct AppId {
    static constexpr const char* kName = "appid";
    static bool accepts(std::string_view text);
};
struct MchId {
    static constexpr const char* kName = "mch_id";
    static bool accepts(std::string_view text);
};
struct OpenId {
    static constexpr const char* kName = "openid";
    static bool accepts(std::string_view text);
};
struct OutTradeNo {
    static constexpr const char* kName = "out_trade_no";
    static bool accepts(std::string_view text);
};
struct PrepayId {
    static constexpr const char* kName = "prepay_id";
    static bool accepts(std::string_view text);
};
struct TransactionId {
    static constexpr const char* kName = "transaction_id";
    static bool accepts(std::string_view text);
};
}  // namespace rules

/// An app: "wx" and 16 digits or lower-case letters.
using AppId = Checked<rules::AppId>;
/// A merchant number: 8 to 10 digits. With an 's' in front it is a name that never goes over the
/// wire: the same merchant in Tencent's acceptance sandbox.
using MchId = Checked<rules::MchId>;
/// A user of an app: 'o' first, then letters, digits, '_' and '-'; real ones have 28 characters
/// (grade B), the documented limit is 128 (grade A). Shorter ones pass, so that test users can have
/// names that people can read.
using OpenId = Checked<rules::OpenId>;
/// The merchant's order number: 1 to 32 of letters, digits and "_-|*@"; case-sensitive, unique per
/// mch_id (grade A).
using OutTradeNo = Checked<rules::OutTradeNo>;
/// "wx" and up to 62 letters or digits (grade B).
using PrepayId = Checked<rules::PrepayId>;
/// 28 to 32 digits (grade B).
using TransactionId = Checked<rules::TransactionId>;

}  // namespace wxpay
