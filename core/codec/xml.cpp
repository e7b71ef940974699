#include "core/codec/xml.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "core/codec/utf8.hpp"
#include "core/codec/xml_characters.hpp"

namespace wxpay {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr bool is_name_start(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || c >= 0x80;
}

constexpr auto kInName = [] {
    std::array<bool, 256> out{};
    for (unsigned c = 0; c < out.size(); ++c) {
        out[c] = is_name_start(static_cast<unsigned char>(c)) || (c >= '0' && c <= '9') ||
                 c == '-' || c == '.';
    }
    return out;
}();

/// CR LF and lone CR become LF, as XML asks before anything else is read.
void unify_line_ends(std::vector<char>& text) {
    const std::string_view all(text.data(), text.size());
    if (all.find('\r') == std::string_view::npos) return;
    std::size_t to = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool pair = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
        if (!pair) text[to++] = text[at] == '\r' ? '\n' : text[at];
    }
    text.resize(to);
}

/// Reads one message of the flat dialect from front to back and never again, decoding values in
/// place: a decoded text is never longer than its source. No recursion, no tree. What nobody asks
/// for (declaration, instructions, attributes) is read only as far as it takes to find its end.
/// Functions return false after a failure, which `problem` then describes.
class Reader {
  public:
    Reader(std::span<char> text, std::vector<FieldView>& fields, std::size_t elements_max)
        : begin_(text.data()),
          at_(begin_),
          end_(begin_ + text.size()),
          fields_(fields),
          elements_max_(elements_max) {}

    bool document() {
        skip("\xEF\xBB\xBF");
        if (rest().starts_with("<?xml") && rest().size() > 5 && is_blank(rest()[5])) {
            if (!skip_past("?>")) return fail("a declaration without its end");
        }
        return misc() && root() && misc() &&
               (at_ == end_ || fail("something follows the root element"));
    }

    Error problem() const {
        if (too_many_)
            return {Errc::too_large, fmt::format("more than {} elements", elements_max_)};
        return {Errc::malformed, fmt::format("{} (near byte {})", problem_, at_ - begin_)};
    }

  private:
    struct Tag {
        std::string_view name;
        bool empty;
    };

    bool root() {
        if (at_ == end_) return fail("no root element");
        if (rest().starts_with("<!DOCTYPE")) return fail("a DOCTYPE is never accepted");
        if (*at_ != '<') return fail("text outside the root element");
        Tag tag{};
        if (!start_tag(tag)) return false;
        if (tag.empty) return true;
        while (misc() && at_ != end_) {
            if (rest().starts_with("</")) return end_tag(tag.name);
            if (*at_ != '<' || rest().starts_with("<!")) return fail("text between the elements");
            if (!element()) return false;
        }
        return problem_.empty() ? fail("the root element has no end") : false;
    }

    bool element() {
        Tag tag{};
        if (!start_tag(tag)) return false;
        for (const FieldView& field : fields_) {
            if (field.name == tag.name) return fail(shown(tag.name) + " comes twice");
        }
        if (fields_.size() == elements_max_) {
            too_many_ = true;
            return false;
        }
        std::string_view value = tag.name.substr(0, 0);  // of an empty element: empty, not null
        if (!tag.empty && !(content(tag.name, value) && end_tag(tag.name))) return false;
        fields_.push_back({tag.name, value});
        return true;
    }

    /// The text, references and CDATA sections up to the end tag, put together where the first of
    /// them lies.
    bool content(std::string_view name, std::string_view& value) {
        char* start = at_;
        char* to = at_;
        const auto keep = [&](char* from, char* until) {
            if (to == start) {
                start = from;
                to = until;
            } else {
                std::memmove(to, from, static_cast<std::size_t>(until - from));
                to += until - from;
            }
        };
        while (at_ != end_) {
            char* const from = at_;
            while (at_ != end_ && *at_ != '<' && *at_ != '&' && *at_ != ']') ++at_;
            if (at_ != from) {
                keep(from, at_);
            } else if (*at_ == '&') {
                if (to == start) start = to = at_;
                if (!reference(to)) return false;
            } else if (*at_ == ']') {
                if (rest().starts_with("]]>")) return fail("']]>' in the text");
                keep(at_, at_ + 1);
                ++at_;
            } else if (skip("<![CDATA[")) {
                const std::size_t size = rest().find("]]>");
                if (size == std::string_view::npos) return fail("a CDATA section without its end");
                keep(at_, at_ + size);
                at_ += size + 3;
            } else if (rest().starts_with("</")) {
                value = {start, static_cast<std::size_t>(to - start)};
                return true;
            } else if (rest().starts_with("<!--") || rest().starts_with("<?")) {
                if (!misc_piece()) return false;
            } else {
                return fail(shown(name) + " holds markup other than text");
            }
        }
        return fail(shown(name) + " has no end");
    }

    /// Decodes the reference at the cursor to `to`, which may be the same place.
    bool reference(char*& to) {
        const std::string_view near = rest().substr(1, 11);  // the longest is #x0010FFFF
        const std::size_t size = near.find(';');
        const auto character =
            size == std::string_view::npos ? std::nullopt : xml_reference(near.substr(0, size));
        if (!character)
            return fail("a '&' that is neither one of the five entities nor a character reference");
        at_ += size + 2;
        to += encode_utf8(*character, to);
        return true;
    }

    bool start_tag(Tag& tag) {
        ++at_;
        if (!name(tag.name)) return fail("a '<' that begins no tag");
        while (true) {
            const bool blank = skip_blanks();
            if (skip(">")) return true;
            if (skip("/>")) {
                tag.empty = true;
                return true;
            }
            if (!blank || !attribute())
                return fail("the tag of " + shown(tag.name) + " is malformed");
        }
    }

    bool end_tag(std::string_view expected) {
        at_ += 2;
        if (!skip(expected)) return fail(shown(expected) + " is not closed by its own end tag");
        skip_blanks();
        return skip(">") || fail(shown(expected) + " is not closed by its own end tag");
    }

    /// Its value is read only to find its end.
    bool attribute() {
        std::string_view ignored;
        if (!name(ignored)) return false;
        skip_blanks();
        if (!skip("=")) return false;
        skip_blanks();
        if (at_ == end_ || (*at_ != '"' && *at_ != '\'')) return false;
        const char quote = *at_++;
        while (at_ != end_ && *at_ != quote) {
            if (*at_ == '<') return false;
            char* nowhere = at_;
            if (*at_ == '&' ? !reference(nowhere) : (++at_, false)) return false;
        }
        if (at_ == end_) return false;
        ++at_;
        return true;
    }

    /// White space, comments and processing instructions.
    bool misc() {
        while (true) {
            skip_blanks();
            if (!rest().starts_with("<!--") && !rest().starts_with("<?")) return true;
            if (!misc_piece()) return false;
        }
    }

    bool misc_piece() {
        if (skip("<!--")) {
            return (skip_past("--") && skip(">")) || fail("a comment that is not ended by '-->'");
        }
        at_ += 2;
        std::string_view target;
        if (!name(target) || target == "xml" || !skip_past("?>"))
            return fail("a malformed instruction");
        return true;
    }

    bool name(std::string_view& out) {
        char* const from = at_;
        if (at_ == end_ || !is_name_start(static_cast<unsigned char>(*at_))) return false;
        while (at_ != end_ && kInName[static_cast<unsigned char>(*at_)]) ++at_;
        out = {from, static_cast<std::size_t>(at_ - from)};
        return true;
    }

    bool skip_blanks() {
        char* const from = at_;
        while (at_ != end_ && is_blank(*at_)) ++at_;
        return at_ != from;
    }
    bool skip(std::string_view text) {
        if (!rest().starts_with(text)) return false;
        at_ += text.size();
        return true;
    }
    bool skip_past(std::string_view text) {
        const std::size_t found = rest().find(text);
        if (found == std::string_view::npos) return false;
        at_ += found + text.size();
        return true;
    }

    std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
    static std::string shown(std::string_view name) {
        return fmt::format("<{}>", utf8_prefix(name, 64));
    }
    bool fail(std::string problem) {
        if (problem_.empty()) problem_ = std::move(problem);
        return false;
    }

    char* begin_;
    char* at_;
    char* end_;
    std::vector<FieldView>& fields_;
    std::size_t elements_max_;
    std::string problem_;
    bool too_many_ = false;
};

}  // namespace

Result<XmlMessage> XmlMessage::parse(std::string_view bytes, const XmlLimits& limits) {
    if (bytes.size() > limits.bytes_max) {
        return Failure{Error{Errc::too_large, fmt::format("more than {} bytes", limits.bytes_max)}};
    }
    if (!is_utf8(bytes)) return Failure{Error{Errc::not_utf8, "the bytes are not UTF-8"}};
    if (!has_only_xml_characters(bytes)) {
        return Failure{Error{Errc::malformed, "a control character or another that XML forbids"}};
    }
    XmlMessage message;
    message.text_.assign(bytes.begin(), bytes.end());
    unify_line_ends(message.text_);
    message.fields_.reserve(32);
    Reader reader(message.text_, message.fields_, limits.elements_max);
    if (!reader.document()) return Failure{reader.problem()};
    return message;
}

std::optional<std::string_view> XmlMessage::find(std::string_view name) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [name](const FieldView& field) { return field.name == name; });
    if (found == fields_.end()) return std::nullopt;
    return found->value;
}

void append_cdata(std::string& out, std::string_view text) {
    out += "<![CDATA[";
    if (text.find('\r') != std::string_view::npos || text.find("]]>") != std::string_view::npos) {
        std::size_t from = 0;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] == '\r') {
                out.append(text.substr(from, at - from)).append("]]>&#13;<![CDATA[");
                from = at + 1;
            } else if (text.substr(at).starts_with("]]>")) {
                out.append(text.substr(from, at + 2 - from)).append("]]><![CDATA[");
                from = at + 2;
            }
        }
        text.remove_prefix(from);
    }
    out += text;
    out += "]]>";
}

}  // namespace wxpay
