#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "merchant/context.hpp"

namespace wxpay::merchant {

/// What is said about one report: first in the books, then, once it is committed, to the operator.
class Journal {
  public:
    /// source  names where the report comes from
    Journal(Transaction& books, std::string_view source, Instant now)
        : books_(books), source_(source), now_(now) {}

    /// A line for an order or, with an empty id, for the shop.
    void add(const std::string& order_id, std::string_view event, std::string_view text);
    void publish(const Report& report) const;

  private:
    Transaction& books_;
    std::string_view source_;
    Instant now_;
    std::vector<std::pair<Severity, std::string>> lines_;
};

}  // namespace wxpay::merchant
