#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/client/v2_client.hpp"
#include "core/client/v3_client.hpp"
#include "core/http/client.hpp"

#include "merchant/context.hpp"

namespace wxpay::merchant {

/// What API V3 needs.
struct V3Setup {
    v3::Account account;
    v3::PlatformKeys keys;  ///< trusted from the start; certificates are downloaded besides
};

/// Everything that can be set, with defaults for the sandbox's demo merchant.
struct Config {
    std::string host = "127.0.0.1";
    int port = 12190;  ///< 0: any free one
    std::string gateway = "http://127.0.0.1:12180";
    std::string ca_file;           ///< PEM roots for an https gateway; empty: the system's
    std::string certificate_file;  ///< PEM, the merchant's, which WeChat wants to see at refunds
    std::string key_file;          ///< PEM, the certificate's key
    std::string public_url;  ///< how WeChat reaches us; empty: the address that is listened on
    std::string notify_url;  ///< empty: public_url and /wxpay/notify
    std::string refund_notify_url;              ///< empty: public_url and /wxpay/refund_notify
    std::optional<std::filesystem::path> data;  ///< nothing: in memory
    v2::Account account{"wx8888888888888888", "1900000109",
                        Secret("192006250b4c09247ec02edce69f6a2d"), v2::SignType::md5,
                        Secret("5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d")};
    std::optional<V3Setup> v3;  ///< the shop runs on V3; of `account` it needs the app_secret
    Millis reconcile_after = std::chrono::seconds(30);
    Millis reconcile_every = std::chrono::seconds(30);
    Report report = [](Severity, const std::string&) {};
};

/// The way to WeChat. Throws std::runtime_error that names the option at fault.
std::unique_ptr<http::Client> connect(const Config& config);

/// WeChat Pay over the API that is configured. References must outlive it.
std::unique_ptr<Gateway> open_gateway(const Config& config, http::Transport& transport,
                                      Random& random, const Clock& clock);

/// The books. Throws likewise.
std::unique_ptr<Store> open_books(const Config& config);

}  // namespace wxpay::merchant
