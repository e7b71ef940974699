#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.hpp"
#include "core/domain/ids.hpp"

namespace wxpay::sandbox {

/// What a user wrote about a paid order.
struct Comment {
    std::int64_t id = 0;  ///< given by the store
    MchId mch_id;
    Instant at;
    TransactionId transaction_id;
    int stars = 5;  ///< 1 to 5
    std::string text;
};

}  // namespace wxpay::sandbox
