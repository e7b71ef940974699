#include "core/http/framing.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace wxpay::http {
namespace {

constexpr std::size_t kChunkSizeDigitsMax = 8;
constexpr std::size_t kContentLengthDigitsMax = 18;  // fits 64 bits without a check for overflow

constexpr FramingError kHeadTooLarge{431, "the head is over the limit"};
constexpr FramingError kTooManyLines{431, "the head has more than 256 lines"};
constexpr FramingError kBodyTooLarge{413, "the body is over the limit"};

FramingError malformed(const char* detail) { return {400, detail}; }

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The characters of methods and header names (RFC 9110, tchar).
constexpr auto kTokenCharacters = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// HTTP/1.0 or HTTP/1.1; 505 for another version, 400 for what is none.
Result<int, FramingError> parse_version(std::string_view text) {
    if (text == "HTTP/1.1") return 1;
    if (text == "HTTP/1.0") return 0;
    const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                            text[6] == '.' && is_digit(text[7]);
    if (is_version) return Failure{FramingError{505, "not HTTP/1.1 or HTTP/1.0"}};
    return Failure{malformed("no HTTP version")};
}

Result<void, FramingError> parse_request_line(std::string_view line, MessageHead& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return Failure{malformed("not a request line")};
    const auto method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    if (!is_token(method)) return Failure{malformed("not a method")};
    if (target.empty() || target.find_first_of(" \t") != std::string_view::npos)
        return Failure{malformed("not a request target")};
    WXPAY_TRY(head.minor_version, parse_version(line.substr(last + 1)));
    head.method = method;
    head.target = target;
    return {};
}

Result<void, FramingError> parse_status_line(std::string_view line, MessageHead& head) {
    const auto space = std::min(line.find(' '), line.size());
    WXPAY_TRY(head.minor_version, parse_version(line.substr(0, space)));
    const auto rest = line.substr(std::min(space + 1, line.size()));
    // The reason phrase may be missing, some servers leave out even the space before it.
    const bool has_status = rest.size() >= 3 && is_digit(rest[0]) && is_digit(rest[1]) &&
                            is_digit(rest[2]) && rest[0] != '0' &&
                            (rest.size() == 3 || rest[3] == ' ');
    if (!has_status) return Failure{malformed("not a status line")};
    head.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
    return {};
}

/// How the head says that its body is delimited.
struct BodyLength {
    bool chunked = false;
    bool has_length = false;
    std::string_view length;
};

Result<BodyLength, FramingError> declared_length(const MessageHead& head) {
    BodyLength declared;
    bool has_host = false;
    for (const auto& [name, value] : head.headers) {
        if (equals_ignoring_case(name, "Content-Length")) {
            if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit))
                return Failure{malformed("Content-Length is not a number")};
            if (declared.has_length && declared.length != value)
                return Failure{malformed("two different Content-Lengths")};
            declared.has_length = true;
            declared.length = value;
        } else if (equals_ignoring_case(name, "Transfer-Encoding")) {
            if (declared.chunked) return Failure{malformed("two Transfer-Encodings")};
            if (!equals_ignoring_case(value, "chunked"))
                return Failure{FramingError{501, "a Transfer-Encoding other than chunked"}};
            if (head.minor_version == 0) return Failure{malformed("Transfer-Encoding in HTTP/1.0")};
            declared.chunked = true;
        } else if (equals_ignoring_case(name, "Host")) {
            if (std::exchange(has_host, true)) return Failure{malformed("two Hosts")};
        }
    }
    if (declared.chunked && declared.has_length)
        return Failure{malformed("both Content-Length and Transfer-Encoding")};
    return declared;
}

/// Whether one of the tokens in the lines called `name` is what is looked for.
template <class Is>
bool any_token(const Headers& headers, std::string_view name, Is is) {
    for (const auto& [line_name, value] : headers) {
        if (!equals_ignoring_case(line_name, name)) continue;
        for (std::string_view rest = value; !rest.empty();) {
            const auto comma = std::min(rest.find(','), rest.size());
            if (is(trim(rest.substr(0, comma)))) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return kTokenCharacters[static_cast<unsigned char>(c)];
    });
}

bool is_header_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

std::size_t empty_lines(std::string_view buffer) {
    constexpr std::string_view kEmptyLine = "\r\n";
    std::size_t size = 0;
    while (buffer.substr(size).starts_with(kEmptyLine)) size += kEmptyLine.size();
    return size;
}

bool MessageHead::has_token(std::string_view name, std::string_view token) const {
    return any_token(headers, name,
                     [&](std::string_view each) { return equals_ignoring_case(each, token); });
}

std::vector<std::string_view> MessageHead::tokens(std::string_view name) const {
    std::vector<std::string_view> out;
    any_token(headers, name, [&](std::string_view each) {
        if (!each.empty()) out.push_back(each);
        return false;
    });
    return out;
}

bool MessageHead::keeps_connection() const {
    if (has_token("Connection", "close")) return false;
    return minor_version > 0 || has_token("Connection", "keep-alive");
}

MessageReader::Step MessageReader::read(std::string_view buffer) {
    while (part_ != Part::whole) {
        WXPAY_TRY(const bool went_on, step(buffer));
        if (!went_on) return false;
    }
    return true;
}

MessageReader::Step MessageReader::finish(std::string_view buffer) {
    WXPAY_TRY(const bool whole, read(buffer));
    if (whole) return true;
    if (!until_close_) return Failure{malformed("the connection ended within a message")};
    part_ = Part::whole;
    return true;
}

std::string MessageReader::take_body(std::string_view buffer) {
    WXPAY_ASSERT(part_ == Part::whole);
    if (chunked_) return std::move(chunks_);
    return std::string(buffer.substr(body_start_, position_ - body_start_));
}

std::size_t MessageReader::pass() {
    const std::size_t size = std::exchange(position_, 0);
    scanned_ -= std::min(scanned_, size);
    body_start_ = 0;
    chunks_.clear();
    return size;
}

MessageReader::Step MessageReader::step(std::string_view buffer) {
    if (part_ == Part::body) return read_body(buffer);
    if (part_ == Part::chunk_data) return read_chunk_data(buffer);
    if (part_ == Part::chunk_end) return read_chunk_end(buffer);

    std::string_view line;
    WXPAY_TRY(const bool has_line, read_line(buffer, line));
    if (!has_line) return false;
    if (part_ != Part::chunk_size) line_bytes_ += line.size() + 2;
    if (!is_header_value(line)) return Failure{malformed("a control character")};

    switch (part_) {
        case Part::start_line:
            WXPAY_CHECK(on_start_line(line));
            break;
        case Part::head_line:
            WXPAY_CHECK(line.empty() ? on_head_end() : on_header_line(line));
            break;
        case Part::chunk_size:
            WXPAY_CHECK(on_chunk_size(line));
            break;
        case Part::trailer:
            if (line.empty()) part_ = Part::whole;
            break;
        case Part::body:
        case Part::chunk_data:
        case Part::chunk_end:
        case Part::whole:
            WXPAY_ASSERT(false);  // no lines there
    }
    return true;
}

/// The next whole line, without its CR LF; false when its end has not come yet.
MessageReader::Step MessageReader::read_line(std::string_view buffer, std::string_view& line) {
    const auto end = buffer.find('\n', scanned_);
    scanned_ = end == std::string_view::npos ? buffer.size() : end + 1;
    if (line_bytes_ + (scanned_ - position_) > limits_.head_bytes_max)
        return Failure{kHeadTooLarge};
    if (end == std::string_view::npos) return false;
    if (end == position_ || buffer[end - 1] != '\r')
        return Failure{malformed("a line does not end with CR LF")};
    line = buffer.substr(position_, end - 1 - position_);
    position_ = scanned_;
    return true;
}

Result<void, FramingError> MessageReader::on_start_line(std::string_view line) {
    // See empty_lines(). Not everybody takes them away before.
    if (line.empty() && kind_ == Kind::request) return {};
    WXPAY_CHECK(kind_ == Kind::request ? parse_request_line(line, head_)
                                       : parse_status_line(line, head_));
    part_ = Part::head_line;
    return {};
}

Result<void, FramingError> MessageReader::on_header_line(std::string_view line) {
    const auto colon = line.find(':');
    // This refuses folded lines and spaces before the colon as well.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        return Failure{malformed("not a header line")};
    if (head_.headers.size() == kHeaderLinesMax) return Failure{kTooManyLines};
    head_.headers.add(line.substr(0, colon), trim(line.substr(colon + 1)));
    return {};
}

Result<void, FramingError> MessageReader::on_head_end() {
    WXPAY_TRY(const BodyLength declared, declared_length(head_));
    body_start_ = position_;
    part_ = Part::body;
    const bool bodiless = kind_ == Kind::response_to_head ||
                          (kind_ == Kind::response &&
                           (head_.status < 200 || head_.status == 204 || head_.status == 304));
    if (bodiless) return {};
    chunked_ = declared.chunked;
    if (chunked_) {
        line_bytes_ =
            0;  // chunk extensions and trailers have the same limit, but not the same bytes
        part_ = Part::chunk_size;
    } else if (declared.has_length) {
        if (declared.length.size() > kContentLengthDigitsMax) return Failure{kBodyTooLarge};
        std::from_chars(declared.length.data(), declared.length.data() + declared.length.size(),
                        remaining_);
        if (remaining_ > limits_.body_bytes_max) return Failure{kBodyTooLarge};
    } else {
        until_close_ = kind_ == Kind::response;
    }
    return {};
}

Result<void, FramingError> MessageReader::on_chunk_size(std::string_view line) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    const auto digits = static_cast<std::size_t>(end - line.data());
    if (error != std::errc{} || digits > kChunkSizeDigitsMax)
        return Failure{malformed("not a chunk size")};
    const auto extension = trim(line.substr(digits));
    if (!extension.empty() && extension.front() != ';')
        return Failure{malformed("not a chunk size")};
    line_bytes_ += line.size() - digits;
    if (size > limits_.body_bytes_max - chunks_.size()) return Failure{kBodyTooLarge};
    remaining_ = size;
    part_ = size > 0 ? Part::chunk_data : Part::trailer;
    return {};
}

MessageReader::Step MessageReader::read_body(std::string_view buffer) {
    const auto available = buffer.size() - position_;
    if (until_close_) {
        position_ = buffer.size();
        if (position_ - body_start_ > limits_.body_bytes_max) return Failure{kBodyTooLarge};
        return false;
    }
    const auto taken = std::min<std::uint64_t>(available, remaining_);
    position_ += static_cast<std::size_t>(taken);
    remaining_ -= taken;
    if (remaining_ > 0) return false;
    part_ = Part::whole;
    return true;
}

MessageReader::Step MessageReader::read_chunk_data(std::string_view buffer) {
    const auto taken = std::min<std::uint64_t>(buffer.size() - position_, remaining_);
    chunks_.append(buffer.substr(position_, static_cast<std::size_t>(taken)));
    position_ += static_cast<std::size_t>(taken);
    remaining_ -= taken;
    if (remaining_ > 0) return false;
    part_ = Part::chunk_end;
    return true;
}

MessageReader::Step MessageReader::read_chunk_end(std::string_view buffer) {
    const auto end = buffer.substr(position_, 2);
    if (!std::string_view("\r\n").starts_with(end))
        return Failure{malformed("a chunk is longer than its size says")};
    if (end.size() < 2) return false;
    position_ += 2;
    scanned_ = position_;
    part_ = Part::chunk_size;
    return true;
}

}  // namespace wxpay::http
