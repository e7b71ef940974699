#include "merchant/shop/catalogue.hpp"

#include <algorithm>
#include <array>

namespace wxpay::merchant {
namespace {

constexpr std::array kProducts{
    Product{"tangshi", "唐诗三百首", Fen{88}},
    Product{"lunyu", "论语译注", Fen{1280}},
    Product{"xiyouji", "西游记", Fen{3960}},
    Product{"hongloumeng", "红楼梦", Fen{5980}},
};

}  // namespace

std::span<const Product> products() { return kProducts; }

const Product* find_product(std::string_view id) {
    const auto* const found =
        std::find_if(kProducts.begin(), kProducts.end(),
                     [id](const Product& product) { return product.id == id; });
    return found == kProducts.end() ? nullptr : found;
}

}  // namespace wxpay::merchant
