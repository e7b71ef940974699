#pragma once

#include <span>
#include <string_view>

#include "core/domain/fen.hpp"

namespace wxpay::merchant {

/// Something that the shop sells.
struct Product {
    std::string_view id;
    std::string_view name;
    Fen price;
};

/// Everything on the shelf. It lives as long as the program.
std::span<const Product> products();

/// nullptr when there is no such product.
const Product* find_product(std::string_view id);

}  // namespace wxpay::merchant
