#include "sandbox/config/stored_merchants.hpp"

#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "sandbox/directory.hpp"
#include "sandbox/store/store.hpp"

namespace wxpay::sandbox::config {
namespace {

Result<Merchant, Problem> read(const nlohmann::json& json, const Directory& directory) {
    WXPAY_TRY(Merchant merchant, read_merchant(json, "", directory.apps()));
    merchant.origin = MerchantOrigin::api;
    return merchant;
}

}  // namespace

Result<const Merchant*, Problem> add_merchant(const nlohmann::json& json, Directory& directory,
                                              Store& store) {
    WXPAY_TRY(Merchant merchant, read(json, directory));
    const auto turn = directory.one_at_a_time();
    if (!directory.has_room())
        return Failure{Problem{"", "merchants were added or changed too often: start anew"}};
    const auto transaction = store.begin();
    transaction->put_merchant(merchant.mch_id, json.dump());
    transaction->commit();
    return &directory.add(std::move(merchant));
}

void add_stored_merchants(Directory& directory, Store& store) {
    for (const std::string& definition : store.begin()->merchants()) {
        auto merchant = read(nlohmann::json::parse(definition), directory);
        if (!merchant) {
            spdlog::warn("a merchant that was added before is left out: {}: {}",
                         merchant.error().path, merchant.error().message);
        } else {
            directory.add(*std::move(merchant));
        }
    }
}

}  // namespace wxpay::sandbox::config
