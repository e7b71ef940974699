#include "sandbox/diagnosis/slips.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sandbox/acceptance_twin.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

using About = Slip::About;

/// Keys that are tried; a directory of thousands must not cost thousands of hashes.
constexpr std::size_t kMerchantsMax = 32;

std::string printable(std::string_view text) {
    constexpr std::size_t kMax = 64;
    std::string out;
    for (const char c : text.substr(0, kMax)) out += c >= ' ' && c <= '~' ? c : '?';
    return out;
}

std::string_view find(const Signed& message, std::string_view name) {
    const auto found = std::find_if(message.fields.begin(), message.fields.end(),
                                    [name](const FieldView& field) { return field.name == name; });
    return found == message.fields.end() ? std::string_view{} : found->value;
}

template <class Change>
std::string changed(std::string_view text, Change change) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), change);
    return out;
}

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Slips {
  public:
    Slips(const Signed& message, const Merchant& merchant, const Directory& directory)
        : message_(message), merchant_(merchant), directory_(directory) {}

    std::vector<Slip> all(const std::string& right_sign) {
        known_keys();
        spoilt_keys();
        no_key();
        text();
        order_and_place();
        sign(right_sign);
        fields();
        return std::move(slips_);
    }

  private:
    void add(Finding finding, About about, std::function<void(Signer&)> apply,
             bool combines = true) {
        slips_.push_back({std::move(finding), about, combines, std::move(apply)});
    }

    void key(Mistake mistake, std::string detail, Secret taken) {
        if (taken.reveal() == merchant_.api_key.reveal()) return;
        add({mistake, std::move(detail)}, About::key,
            [taken = std::move(taken)](Signer& signer) { signer.key = taken; });
    }

    void known_keys() {
        const std::string mch_id(wire_id(merchant_.mch_id.str()));
        const Merchant* const own = directory_.find_merchant(mch_id);
        const Merchant& production = own == nullptr ? merchant_ : *own;
        // Other than the sandbox's own two, the wanted key is one that somebody gave.
        const bool in_acceptance = merchant_.api_key.reveal() == sandbox_key(production).reveal();
        key(in_acceptance ? Mistake::production_key_in_sandbox : Mistake::known_key_not_given,
            mch_id, production.api_key);
        key(Mistake::sandbox_key_in_production, mch_id, sandbox_key(production));
        if (!production.api_v3_key.empty()) key(Mistake::api_v3_key, mch_id, production.api_v3_key);
        std::size_t tried = 0;
        for (const Merchant* const each : directory_.merchants()) {
            const Merchant& other = *each;
            if (other.mch_id.str() == mch_id || ++tried > kMerchantsMax) continue;
            key(Mistake::other_merchants_key, other.mch_id.str(), other.api_key);
        }
        for (const char* const name : {"appid", "appId", "mch_appid", "wxappid"}) {
            if (const WechatApp* const app = directory_.find_app(find(message_, name)))
                key(Mistake::app_secret, app->appid.str(), app->secret);
        }
    }

    void spoilt_keys() {
        const std::string right(merchant_.api_key.reveal());
        key(Mistake::key_with_white_space, "a line end", Secret(right + "\n"));
        key(Mistake::key_with_white_space, "a line end (CR LF)", Secret(right + "\r\n"));
        key(Mistake::key_with_white_space, "a space", Secret(right + " "));
        key(Mistake::key_in_other_case, "upper", Secret(changed(right, to_upper)));
        key(Mistake::key_in_other_case, "lower", Secret(changed(right, to_lower)));
    }

    void no_key() {
        key(Mistake::key_missing, "it was empty", Secret());
        key(Mistake::key_missing, "it was 'undefined'", Secret("undefined"));
        key(Mistake::key_missing, "it was 'null'", Secret("null"));
        key(Mistake::key_missing, "it was 'None'", Secret("None"));
        place(Mistake::key_missing, "the text ends with the last field", Signer::Key::nowhere);
    }

    void place(Mistake mistake, std::string detail, Signer::Key where) {
        add({mistake, std::move(detail)}, About::key_place,
            [where](Signer& signer) { signer.key_at = where; });
    }

    void values(Mistake mistake, Signer::Values how) {
        add({mistake}, About::values, [how](Signer& signer) { signer.values = how; });
    }

    void text() {
        using Empty = Signer::Empty;
        using Bytes = Signer::Bytes;
        using Values = Signer::Values;
        add({Mistake::empty_values_signed}, About::empty,
            [](Signer& signer) { signer.empty = Empty::kept; });
        add({Mistake::empty_values_signed, " (as 'null')"}, About::empty,
            [](Signer& signer) { signer.empty = Empty::as_null; });
        add({Mistake::zero_left_out}, About::zero,
            [](Signer& signer) { signer.drops_zero = true; });
        values(Mistake::url_encoded, Values::url_encoded);
        values(Mistake::url_encoded_lower, Values::url_encoded_lower);
        values(Mistake::form_encoded, Values::form_encoded);
        values(Mistake::trimmed, Values::trimmed);
        values(Mistake::xml_escaped, Values::xml_escaped);
        values(Mistake::sent_url_encoded, Values::url_decoded);
        values(Mistake::sent_escaped_twice, Values::xml_unescaped);
        values(Mistake::xml_as_written, Values::as_written);
        values(Mistake::line_ends, Values::crlf);
        values(Mistake::sent_as_latin1, Values::latin1);
        add({Mistake::gbk}, About::bytes, [](Signer& signer) { signer.bytes = Bytes::gbk; });
        add({Mistake::question_marks}, About::bytes,
            [](Signer& signer) { signer.bytes = Bytes::question_marks; });
    }

    void order_and_place() {
        const auto order = [this](Mistake mistake, Signer::Order how) {
            add({mistake}, About::order, [how](Signer& signer) { signer.order = how; });
        };
        order(Mistake::sorted_without_case, Signer::Order::without_case);
        order(Mistake::sorted_by_number, Signer::Order::by_number);
        order(Mistake::not_sorted, Signer::Order::as_sent);
        place(Mistake::key_without_its_name, "without '&key='", Signer::Key::bare);
        place(Mistake::key_without_its_name, "without 'key='", Signer::Key::ampersand);
        place(Mistake::key_without_its_name, "without '&'", Signer::Key::no_ampersand);
        place(Mistake::key_among_the_fields, " instead of at the end", Signer::Key::among_fields);
        place(Mistake::key_among_the_fields, " and appended as well",
              Signer::Key::among_fields_and_at_end);
        add({Mistake::plain_sha256}, About::hash,
            [](Signer& signer) { signer.hash = Signer::Hash::sha256; });
    }

    void sign(const std::string& right_sign) {
        add({Mistake::sign_included, ", empty"}, About::sign,
            [](Signer& signer) { signer.sign_field = ""; });
        add(
            {Mistake::sign_included, ": the message was signed twice"}, About::sign,
            [right_sign](Signer& signer) { signer.sign_field = right_sign; }, false);
    }

    void fields() {
        // What SDKs fill in by themselves.
        constexpr FieldView kGuesses[] = {
            {"sign_type", "MD5"}, {"sign_type", "HMAC-SHA256"}, {"device_info", "WEB"},
            {"fee_type", "CNY"},  {"trade_type", "JSAPI"},      {"trade_type", "NATIVE"},
            {"version", "1.0"},
        };
        for (const FieldView& guess : kGuesses) {
            if (!find(message_, guess.name).empty()) continue;
            // "sign_type was not sent" is what an unannounced HMAC is told anyway.
            const bool hmac = guess.value == "HMAC-SHA256";
            add(
                hmac ? Finding{Mistake::hmac_not_announced}
                     : Finding{Mistake::field_not_sent,
                               std::string(guess.name) + "=" + std::string(guess.value)},
                About::field, [guess](Signer& signer) { signer.extra = guess; },
                guess.name == "sign_type");
        }
        for (const FieldView& field : message_.fields) {
            if (field.name == "sign") continue;
            add(
                {Mistake::field_not_signed, printable(field.name)}, About::field,
                [name = field.name](Signer& signer) { signer.not_signed = name; },
                field.name == "sign_type");
        }
    }

    const Signed& message_;
    const Merchant& merchant_;
    const Directory& directory_;
    std::vector<Slip> slips_;
};

}  // namespace

std::vector<Slip> slips_for(const Signed& message, const Merchant& merchant,
                            const Directory& directory, const std::string& right_sign) {
    return Slips(message, merchant, directory).all(right_sign);
}

}  // namespace wxpay::sandbox::diagnosis
