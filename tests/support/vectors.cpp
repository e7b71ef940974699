#include "tests/support/vectors.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace wxpay::test {
namespace {

using Json = nlohmann::ordered_json;

const Json& v2_file() {
    static const Json file = Json::parse(read_vector_file("v2-vectors.json"));
    return file;
}

NamedTexts texts(const Json& object) {
    NamedTexts out;
    for (const auto& [name, value] : object.items())
        out.emplace_back(name, value.get<std::string>());
    return out;
}

SignVector vector_of(const Json& entry) {
    const std::string note = entry.at("note").get<std::string>();
    const std::string type = entry.at("sign_type").get<std::string>();
    const auto parsed = v2::parse_sign_type(type);
    if (!parsed) throw std::runtime_error("unknown sign_type " + type);
    return {entry.at("id").get<std::string>(),
            note,
            texts(entry.contains("params") ? entry.at("params") : entry.at("decoded")),
            Secret(entry.at("key").get<std::string>()),
            *parsed,
            entry.at("string_to_sign").get<std::string>(),
            entry.at("sign").get<std::string>(),
            note.find("NEGATIVE") != std::string::npos ||
                note.find("negative case") != std::string::npos,
            entry.value("xml", ""),
            entry.value("kind", ""),
            entry.value("sign_field", ""),
            texts(entry.value("handed_to_client", Json::object())),
            entry.value("url", "")};
}

}  // namespace

std::filesystem::path vectors_folder() { return WXPAY_VECTORS_DIR; }

std::string read_vector_file(const std::string& name) {
    std::ifstream file(vectors_folder() / name, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read tests/vectors/" + name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string SignVector::value(std::string_view name) const {
    for (const auto& [each, text] : fields) {
        if (each == name) return text;
    }
    return {};
}

std::vector<FieldView> SignVector::views() const {
    std::vector<FieldView> out;
    for (const auto& [name, text] : fields) out.push_back({name, text});
    return out;
}

std::vector<SignVector> sign_vectors(const std::string& section) {
    std::vector<SignVector> out;
    for (const Json& entry : v2_file().at(section)) out.push_back(vector_of(entry));
    return out;
}

std::vector<ReqInfoVector> req_info_vectors(const std::string& section) {
    std::vector<ReqInfoVector> out;
    for (const Json& entry : v2_file().at(section)) {
        out.push_back({entry.at("id").get<std::string>(), entry.at("note").get<std::string>(),
                       Secret(entry.at("api_key").get<std::string>()),
                       entry.value("aes_key_ascii", ""), entry.value("plaintext", ""),
                       entry.at("req_info").get<std::string>()});
    }
    return out;
}

std::vector<std::string> vector_sections() {
    std::vector<std::string> out;
    for (const auto& [name, value] : v2_file().items()) {
        if (value.is_array() && !value.empty() && value.front().is_object()) out.push_back(name);
    }
    return out;
}

}  // namespace wxpay::test
