#include "sandbox/ledger/creation.hpp"

#include <cstddef>

namespace wxpay::sandbox {
namespace {

// Control characters cannot occur in a value, so they can end names and values.
constexpr char kNameEnd = '\x1f';
constexpr char kValueEnd = '\x1e';

}  // namespace

void keep_in_creation(Order& order, std::string_view name, std::string_view value) {
    order.creation += name;
    order.creation += kNameEnd;
    order.creation += value;
    order.creation += kValueEnd;
}

std::string_view created_with(const Order& order, std::string_view name) {
    std::string_view creation = order.creation;
    while (!creation.empty()) {
        const std::size_t name_end = creation.find(kNameEnd);
        const std::size_t value_end = creation.find(kValueEnd);
        if (value_end == std::string_view::npos) return {};  // V3 keeps JSON there
        if (creation.substr(0, name_end) == name)
            return creation.substr(name_end + 1, value_end - name_end - 1);
        creation.remove_prefix(value_end + 1);
    }
    return {};
}

}  // namespace wxpay::sandbox
