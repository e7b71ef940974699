#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/codec/fields.hpp"

namespace wxpay {

/// What the reader accepts at most (v2.md 1.7: recommendation).
struct XmlLimits {
    std::size_t bytes_max = 1024 * 1024;
    std::size_t elements_max = 200;
};

/// A V2 message: a root element of any name with one level of child elements, decoded to names and
/// values.
///
/// Reads text, CDATA, the five entities and numeric references, mixed or not; declaration, BOM,
/// comments and white space between the elements are skipped; attributes are ignored. Line ends
/// become LF, as XML asks. Refuses a DOCTYPE, any other entity, nested elements, text between the
/// elements, a name that comes twice, control characters, and whatever is not well-formed. Nothing
/// is ever fetched or expanded.
class XmlMessage {
  public:
    /// Errors: not_utf8; too_large (bytes or elements); malformed, with what and where in the
    /// detail.
    static Result<XmlMessage> parse(std::string_view bytes, const XmlLimits& limits = {});

    /// In the order in which they came. The views live as long as this message, also after it was
    /// moved.
    std::span<const FieldView> fields() const { return fields_; }
    /// The value; nothing when there is no such element. An empty element has an empty value.
    std::optional<std::string_view> find(std::string_view name) const;
    /// As find(), empty when absent.
    std::string_view get(std::string_view name) const {
        return find(name).value_or(std::string_view{});
    }

  private:
    XmlMessage() = default;
    std::vector<char> text_;  // decoded in place; fields_ points into it
    std::vector<FieldView> fields_;
};

/// Appends `text` inside CDATA. A "]]>" in it is split over two sections; a CR is written as &#13;
/// between two, since a bare one would be read as LF.
void append_cdata(std::string& out, std::string_view text);

}  // namespace wxpay
