#pragma once

#include <string>
#include <string_view>

namespace wxpay::sandbox::diagnosis {

/// What can be wrong with a V2 signature.
/// source  [A] the SDKs' own ways to sign, [B] issues and forum threads about 签名错误; v2.md 2, 13
enum class Mistake {
    lower_case_hex,
    base64,
    hmac_not_announced,
    md5_despite_sign_type,
    plain_sha256,
    other_merchants_key,
    sandbox_key_in_production,
    production_key_in_sandbox,
    api_v3_key,
    app_secret,
    key_with_white_space,
    key_in_other_case,
    key_missing,
    key_without_its_name,
    key_among_the_fields,
    empty_values_signed,
    zero_left_out,
    sorted_without_case,
    sorted_by_number,
    not_sorted,
    url_encoded,
    url_encoded_lower,
    form_encoded,
    sent_url_encoded,
    trimmed,
    xml_escaped,
    sent_escaped_twice,
    xml_as_written,
    line_ends,
    gbk,
    question_marks,
    sent_as_latin1,
    sign_included,
    field_not_signed,
    field_not_sent,
};

/// A mistake that was made, and with what: a field's name, a merchant's number.
struct Finding {
    Mistake mistake;
    std::string detail = {};  ///< printable ASCII
};

/// A short name in snake case, stable for scripts: "lower_case_hex".
std::string_view name(Mistake mistake);
/// The mistake as part of one ASCII line: "signed with the API key of merchant 1900000110".
std::string hint(const Finding& finding);
/// What to do about it: a sentence or two of UTF-8.
std::string_view advice(Mistake mistake);

}  // namespace wxpay::sandbox::diagnosis
