#include "core/v2/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/codec/arena.hpp"
#include "core/codec/xml.hpp"

namespace wxpay::v2 {

Message::Element Message::add(std::string_view name, std::string_view value, bool bare) {
    if (elements_.empty()) {  // room for an ordinary reply
        elements_.reserve(24);
        arena_.reserve(768);
    }
    const Element element{static_cast<std::uint32_t>(arena_.size()),
                          static_cast<std::uint32_t>(name.size()),
                          static_cast<std::uint32_t>(value.size()), bare};
    append_pair(arena_, name, value);
    return element;
}

Message& Message::text(std::string_view name, std::string_view value) {
    elements_.push_back(add(name, value, false));
    return *this;
}

Message& Message::number(std::string_view name, std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    elements_.push_back(
        add(name, {digits.data(), static_cast<std::size_t>(end - digits.data())}, true));
    return *this;
}

Message& Message::text_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
}

Message& Message::append(const Message& other) {
    const auto shift = static_cast<std::uint32_t>(arena_.size());
    arena_ += other.arena_;
    for (Element element : other.elements_) {
        element.name_at += shift;
        elements_.push_back(element);
    }
    return *this;
}

Message& Message::sign(const Secret& key, SignType type, std::string_view after) {
    // Added before the place is looked for: the first element of all makes room, and moves the
    // rest.
    const Element signature = add("sign", v2::sign(fields(), key, type), false);
    auto at = std::find_if(elements_.begin(), elements_.end(),
                           [&](const Element& element) { return name(element) == after; });
    if (at != elements_.end()) ++at;
    elements_.insert(at, signature);
    return *this;
}

Message& Message::sort() {
    std::sort(elements_.begin(), elements_.end(),
              [this](const Element& a, const Element& b) { return name(a) < name(b); });
    return *this;
}

std::vector<FieldView> Message::fields() const {
    std::vector<FieldView> out;
    out.reserve(elements_.size());
    for (const Element& element : elements_) out.push_back({name(element), value(element)});
    return out;
}

std::string Message::render() const {
    std::string out;
    out.reserve(arena_.size() * 2 + elements_.size() * 20 + 16);
    out += "<xml>";
    for (const Element& element : elements_) {
        out += '<';
        out += name(element);
        out += '>';
        if (element.bare) {
            out += value(element);
        } else {
            append_cdata(out, value(element));
        }
        out += "</";
        out += name(element);
        out += ">\n";
    }
    out += "</xml>";
    return out;
}

}  // namespace wxpay::v2
