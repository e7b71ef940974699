#include "tests/support/v3_vectors.hpp"

#include <chrono>

#include "tests/support/vectors.hpp"

namespace wxpay::test {

const nlohmann::ordered_json& v3_vectors() {
    static const auto file = nlohmann::ordered_json::parse(read_vector_file("v3-vectors.json"));
    return file;
}

RsaPrivateKey v3_key(const std::string& name) {
    const auto pem = v3_vectors().at("keys").at(name).at("private_key_pkcs8_pem");
    return RsaPrivateKey::from_pem(Secret(pem.get<std::string>())).value();
}

std::string v3_serial(const std::string& name) {
    const auto& entry = v3_vectors().at("keys").at(name);
    return entry.contains("serial_no") ? entry.at("serial_no") : entry.at("public_key_id");
}

v3::PlatformKeys v3_platform_keys() {
    v3::PlatformKeys keys;
    for (const char* name :
         {"platform_certificate_1", "platform_certificate_2", "wechatpay_public_key"})
        keys.add(v3_serial(name), v3_key(name).public_key());
    return keys;
}

Secret v3_api_key() {
    return Secret(v3_vectors().at("keys").at("apiv3_key").at("utf8").get<std::string>());
}

http::Headers headers_of(const nlohmann::ordered_json& object) {
    http::Headers headers;
    for (const auto& [name, value] : object.items()) headers.add(name, value.get<std::string>());
    return headers;
}

Instant second(const std::string& digits) {
    return Instant(std::chrono::seconds(std::stoll(digits)));
}

}  // namespace wxpay::test
