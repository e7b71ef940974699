#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/codec/utf8.hpp"

#include "merchant/limits.hpp"
#include "merchant/shop/catalogue.hpp"
#include "merchant/shop/log_text.hpp"
#include "merchant/shop/order.hpp"

namespace wxpay::merchant {
namespace {

TEST(MerchantCatalogue, HasABookForEightyEightFen) {
    EXPECT_TRUE(std::any_of(products().begin(), products().end(),
                            [](const Product& product) { return product.price == Fen{88}; }));
}

TEST(MerchantCatalogue, NamesFitWechatsBodyAndIdsAreUnique) {
    std::set<std::string_view> ids;
    for (const Product& product : products()) {
        EXPECT_TRUE(ids.insert(product.id).second) << product.id;
        EXPECT_LE(product.name.size() + std::string_view(" ×99").size(), 127U) << product.name;
        EXPECT_LE(product.price.count() * kQuantityMax, kOrderTotalMax.count()) << product.name;
    }
}

TEST(MerchantCatalogue, FindsAProductById) {
    EXPECT_EQ(find_product("tangshi")->name, "唐诗三百首");
    EXPECT_EQ(find_product("nothing"), nullptr);
    EXPECT_EQ(find_product(""), nullptr);
}

TEST(MerchantOrderState, IsReadBackFromItsName) {
    for (const OrderState state :
         {OrderState::unpaid, OrderState::paid, OrderState::refunded, OrderState::closed})
        EXPECT_EQ(parse_order_state(name(state)), state);
    EXPECT_EQ(parse_order_state("PAID"), std::nullopt);
}

TEST(MerchantLogText, KeepsPlainWords) { EXPECT_EQ(log_text("签名错误: sign"), "签名错误: sign"); }

TEST(MerchantLogText, LetsNobodyBeginALineOfHisOwn) {
    EXPECT_EQ(log_text("a\nb\r\tc\x1b[31m\x7f"), "a b  c [31m ");
}

TEST(MerchantLogText, CutsLongWordsBetweenCharacters) {
    std::string words;
    while (words.size() < 3 * kDetailBytesMax) words += "字";
    const std::string cut = log_text(words);
    EXPECT_LE(cut.size(), kDetailBytesMax);
    EXPECT_TRUE(is_utf8(cut));
}

TEST(MerchantLogText, IsAlwaysUtf8) {
    EXPECT_TRUE(is_utf8(log_text("abc\xff\xfe")));
    EXPECT_TRUE(is_utf8(log_text(std::string(1000, '\x80'))));
}

}  // namespace
}  // namespace wxpay::merchant
