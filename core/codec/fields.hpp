#pragma once

#include <string_view>

namespace wxpay {

/// One name and value of a flat message. Views: whoever holds the message keeps them alive.
struct FieldView {
    std::string_view name;
    std::string_view value;

    friend bool operator==(const FieldView&, const FieldView&) = default;
};

}  // namespace wxpay
