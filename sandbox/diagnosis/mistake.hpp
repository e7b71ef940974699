#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wxpay::sandbox::diagnosis {

/// What can be wrong with a signature; those of V3 begin with v3_.
/// source  [A] the SDKs' own ways to sign, [B] issues and forum threads about 签名错误; v2.md 2,
/// 13;
///         spec V3 10
enum class Mistake {
    lower_case_hex,
    base64,
    hmac_not_announced,
    md5_despite_sign_type,
    plain_sha256,
    other_merchants_key,
    sandbox_key_in_production,
    production_key_in_sandbox,
    known_key_not_given,
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
    v3_last_line_end,
    v3_line_ends,
    v3_query_left_out,
    v3_target_form,
    v3_full_url,
    v3_path_variable_in_query,
    v3_method,
    v3_body_left_out,
    v3_body_not_sent,
    v3_body_serialised_anew,
    v3_timestamp,
    v3_nonce,
    v3_line_order,
    v3_other_merchants_key,
    v3_pss,
    v3_sha1,
    v3_signature_form,
};

/// A mistake that was made, and with what: a field's name, a merchant's number.
struct Finding {
    Mistake mistake;
    std::string detail = {};  ///< printable ASCII
};

/// A short name in snake case, stable for scripts: "lower_case_hex".
std::string_view name(Mistake mistake);
/// Those of all of them.
std::vector<std::string> names(const std::vector<Finding>& findings);
/// The mistake as part of one ASCII line: "signed with the API key of merchant 1900000110".
std::string hint(const Finding& finding);
/// All of them in one line.
std::string hints(const std::vector<Finding>& findings);
/// What to do about it: a sentence or two of UTF-8.
std::string_view advice(Mistake mistake);

}  // namespace wxpay::sandbox::diagnosis
