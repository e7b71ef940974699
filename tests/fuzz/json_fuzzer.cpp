// The reader of JSON: whatever it takes is UTF-8, no deeper than it may be, and means the same when
// it is written and read again; whatever is deeper is refused. And the readers on top of it, which
// get bytes from anywhere.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/codec/json.hpp"
#include "core/codec/utf8.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/refund.hpp"
#include "core/v3/transaction.hpp"

namespace {

using wxpay::Errc;

int depth(const nlohmann::json& json) {
    if (!json.is_structured()) return 0;
    int deepest = 0;
    for (const auto& each : json) deepest = std::max(deepest, depth(each));
    return deepest + 1;
}

void check_taken(std::string_view text, const nlohmann::json& json) {
    WXPAY_ASSERT(wxpay::is_utf8(text));
    const int levels = depth(json);
    WXPAY_ASSERT(levels <= wxpay::kJsonDepthMax);
    // A member that stands twice may have been deeper the first time.
    if (levels > 0) {
        const auto refused = wxpay::parse_json(text, levels - 1);
        WXPAY_ASSERT(!refused && refused.error().code == Errc::too_large);
    }
    const std::string written = wxpay::dump_json(json);
    const auto again = wxpay::parse_json(written);
    WXPAY_ASSERT(again && *again == json);
    WXPAY_ASSERT(wxpay::dump_json(*again) == written);
    WXPAY_ASSERT(nlohmann::json::accept(text));
}

void check_refused(std::string_view text, const wxpay::Error& error) {
    switch (error.code) {
        case Errc::not_utf8:
            WXPAY_ASSERT(!wxpay::is_utf8(text));
            return;
        case Errc::too_large:
            WXPAY_ASSERT(!wxpay::parse_json(text, wxpay::kJsonDepthMax));
            return;
        default:
            WXPAY_ASSERT(error.code == Errc::malformed);
    }
}

void check_notification(std::string_view text) {
    const auto read = wxpay::v3::parse_notification(text);
    if (!read) return;
    const auto again = wxpay::v3::parse_notification(wxpay::v3::render_notification(*read));
    WXPAY_ASSERT(again && again->id == read->id && again->create_time == read->create_time &&
                 again->event_type == read->event_type && again->summary == read->summary &&
                 again->resource.ciphertext == read->resource.ciphertext &&
                 again->resource.nonce == read->resource.nonce &&
                 again->resource.associated_data == read->resource.associated_data &&
                 again->resource.original_type == read->resource.original_type);
}

void check_results(std::string_view text) {
    if (const auto payment = wxpay::v3::parse_payment(text)) {
        WXPAY_ASSERT(!payment->out_trade_no.empty());
        WXPAY_ASSERT(!payment->total || *payment->total >= wxpay::Fen{0});
    }
    if (const auto refund = wxpay::v3::parse_refund(text)) {
        WXPAY_ASSERT(!refund->out_refund_no.empty() && !refund->refund_id.empty());
        WXPAY_ASSERT(refund->refund >= wxpay::Fen{0} && refund->total >= wxpay::Fen{0});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto json = wxpay::parse_json(text))
        check_taken(text, *json);
    else
        check_refused(text, json.error());
    check_notification(text);
    check_results(text);
    return 0;
}
