#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/codec/fields.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::v2 {

/// A V2 message on its way out, written as WeChat writes it: texts in CDATA, also empty ones,
/// amounts and counts as bare digits, one LF behind each element and none behind </xml>.
/// source  [B] replies quoted in public, see FIDELITY.md "Replies"
class Message {
  public:
    Message& text(std::string_view name, std::string_view value);
    Message& number(std::string_view name, std::int64_t value);
    /// The same, but only when the value is not empty.
    Message& text_if(std::string_view name, std::string_view value);

    /// Everything of `other`, behind what there is.
    Message& append(const Message& other);

    /// Signs everything there is by now and puts `sign` behind `after`; at the end when there is no
    /// such element.
    Message& sign(const Secret& key, SignType type, std::string_view after = "nonce_str");
    /// Brings the elements into byte order of their names, as in notifications and in refundquery.
    Message& sort();

    /// Names and values; valid until the message changes or goes.
    std::vector<FieldView> fields() const;
    /// The XML.
    std::string render() const;

  private:
    struct Element {
        std::uint32_t name_at;
        std::uint32_t name_size;
        std::uint32_t value_size;  // the value lies right behind the name
        bool bare;
    };
    Element add(std::string_view name, std::string_view value, bool bare);
    std::string_view name(const Element& e) const {
        return std::string_view(arena_).substr(e.name_at, e.name_size);
    }
    std::string_view value(const Element& e) const {
        return std::string_view(arena_).substr(e.name_at + e.name_size, e.value_size);
    }

    std::string arena_;
    std::vector<Element> elements_;
};

}  // namespace wxpay::v2
