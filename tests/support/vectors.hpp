#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/secret.hpp"
#include "core/codec/fields.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::test {

/// The folder tests/vectors.
std::filesystem::path vectors_folder();

/// The bytes of tests/vectors/`name`; throws when it cannot be read.
std::string read_vector_file(const std::string& name);

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// One signing entry of tests/vectors/v2-vectors.json.
struct SignVector {
    std::string id;
    std::string note;
    NamedTexts fields;  ///< in the file's order; what `xml` decodes to, where there is one
    Secret key;
    v2::SignType type;
    std::string string_to_sign;  ///< with the key
    std::string sign;
    bool negative;  ///< a right value of wrong input: the note says who must refuse it

    std::string xml;              ///< section xml_sign
    std::string kind;             ///< section pay_sign: JSAPI, APP, NATIVE1
    std::string sign_field;       ///< section pay_sign
    NamedTexts handed_to_client;  ///< section pay_sign, may be empty
    std::string url;              ///< section pay_sign, NATIVE1

    std::string value(std::string_view name) const;
    /// Views of `fields`.
    std::vector<FieldView> views() const;
};

/// A section: "sign", "xml_sign" or "pay_sign". Throws when there is none of that name or an entry
/// lacks something.
std::vector<SignVector> sign_vectors(const std::string& section);

/// One entry for a refund notification's req_info.
struct ReqInfoVector {
    std::string id;
    std::string note;
    Secret api_key;
    std::string aes_key;    ///< empty where the entry is negative
    std::string plaintext;  ///< likewise
    std::string req_info;
};

/// A section: "refund_req_info" or "refund_req_info_negative".
std::vector<ReqInfoVector> req_info_vectors(const std::string& section);

/// The names of all sections that are lists of vectors.
std::vector<std::string> vector_sections();

}  // namespace wxpay::test
