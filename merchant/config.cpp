#include "merchant/config.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "merchant/gateway/v2_gateway.hpp"
#include "merchant/gateway/v3_gateway.hpp"
#include "merchant/store/sqlite_store.hpp"

namespace wxpay::merchant {
namespace {

constexpr Millis kWechatTimeout = std::chrono::seconds(5);

}  // namespace

std::unique_ptr<http::Client> connect(const Config& config) {
    http::Client::Options options;
    options.base_url = config.gateway;
    options.answer_timeout = kWechatTimeout;
    options.ca_file = config.ca_file;
    options.certificate_file = config.certificate_file;
    options.key_file = config.key_file;
    auto client = http::Client::create(std::move(options));
    if (!client) {
        throw std::runtime_error(
            fmt::format("--gateway {}: {}", config.gateway, client.error().detail));
    }
    return *std::move(client);
}

std::unique_ptr<Gateway> open_gateway(const Config& config, http::Transport& transport,
                                      Random& random, const Clock& clock) {
    if (!config.v3) return std::make_unique<V2Gateway>(config.account, transport, random, clock);
    return std::make_unique<V3Gateway>(config.v3->account, config.v3->keys,
                                       config.account.app_secret, transport, random, clock);
}

std::unique_ptr<Store> open_books(const Config& config) {
    try {
        return std::make_unique<SqliteStore>(config.data);
    } catch (const std::runtime_error& problem) {
        throw std::runtime_error(fmt::format("--data {}: {}; name a directory that we may write",
                                             config.data.value_or("").string(), problem.what()));
    }
}

}  // namespace wxpay::merchant
