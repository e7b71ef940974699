#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/http/message.hpp"

namespace wxpay::http {

/// Whether `text` can be a method or a header's name.
bool is_token(std::string_view text);
/// Whether `text` can be a header's value: no control characters, line breaks above all.
bool is_header_value(std::string_view text);

/// What comes before a message's body. A request has `method` and `target`, a response has
/// `status`.
struct MessageHead {
    std::string method;
    std::string target;  ///< as sent: not decoded, with its query
    int status = 0;
    int minor_version = 1;  ///< HTTP/1.1 or HTTP/1.0
    Headers headers;

    /// Whether `token` stands in the comma-separated lists of the header lines called `name`.
    bool has_token(std::string_view name, std::string_view token) const;
    /// All that stands in these lists; views into the headers.
    std::vector<std::string_view> tokens(std::string_view name) const;
    /// Whether the sender of this head is willing to use the connection again.
    bool keeps_connection() const;
};

/// Why bytes are not a message. A client treats them all as malformed.
struct FramingError {
    int status;          ///< what a server answers: 400, 413, 431, 501 or 505
    const char* detail;  ///< for people
};

/// How many answers of a status below 200 may come before the one that counts.
inline constexpr int kInterimAnswersMax = 16;
/// How many header lines a head may have: whoever looks for one looks at each.
inline constexpr std::size_t kHeaderLinesMax = 256;

/// How many bytes of empty lines a buffer begins with. Between requests they are left-overs of
/// sloppy clients (RFC 9112, 2.2), and not the beginning of a request.
std::size_t empty_lines(std::string_view buffer);

/// Reads one HTTP/1.x message from a buffer that grows as bytes arrive. It remembers how far it has
/// looked, so that a message that trickles in costs no more than one that comes whole.
///
/// Strict where leniency lets two parsers disagree about where a message ends: bare LF, folded
/// lines, control characters, Content-Length beside Transfer-Encoding, and any transfer encoding
/// but chunked are errors.
class MessageReader {
  public:
    struct Limits {
        std::size_t head_bytes_max =
            16 * 1024;  ///< over it: 431, as with more than kHeaderLinesMax lines. Holds for chunk
                        ///< extensions and trailers too
        std::size_t body_bytes_max =
            1024 * 1024;  ///< decoded; over it: 413, from a Content-Length before the body
    };

    static MessageReader request(Limits limits) { return MessageReader(Kind::request, limits); }
    static MessageReader response(Limits limits, bool to_head_request) {
        return MessageReader(to_head_request ? Kind::response_to_head : Kind::response, limits);
    }

    /// Looks at what is new. `buffer` starts where the message starts and begins with all that
    /// earlier calls were given; it may go on after the message. True: the message is whole. After
    /// an error the reader is used up.
    Result<bool, FramingError> read(std::string_view buffer);

    /// Says that nothing will follow the buffer: completes a response that ends with its
    /// connection, anything else that is not whole is an error.
    Result<bool, FramingError> finish(std::string_view buffer);

    /// Whether head() can be used; the body may still be on its way.
    bool has_head() const { return part_ > Part::head_line; }
    const MessageHead& head() const { return head_; }
    MessageHead take_head() { return std::move(head_); }

    /// Once there is a head, and before pass(): how many bytes of the buffer it takes.
    std::size_t head_size() const { return body_start_; }
    /// Whether the body has no end of its own: it is whole when the connection ends.
    bool ends_with_connection() const { return until_close_; }
    /// For a message that is handed on while it comes: how many bytes of the buffer last read are
    /// understood. The next read() gets a buffer that starts behind them, and nothing is kept of
    /// their body.
    std::size_t pass();

    /// Once whole: how many bytes of the buffer belong to the message.
    std::size_t size() const { return position_; }
    /// Once whole: the body, chunks joined. `buffer` is the one last read. Callable once.
    std::string take_body(std::string_view buffer);

  private:
    enum class Kind { request, response, response_to_head };
    enum class Part {
        start_line,
        head_line,
        body,
        chunk_size,
        chunk_data,
        chunk_end,
        trailer,
        whole
    };
    using Step = Result<bool, FramingError>;  // false: needs more bytes

    MessageReader(Kind kind, Limits limits) : kind_(kind), limits_(limits) {}
    Step read_line(std::string_view buffer, std::string_view& line);
    Step step(std::string_view buffer);
    Result<void, FramingError> on_start_line(std::string_view line);
    Result<void, FramingError> on_header_line(std::string_view line);
    Result<void, FramingError> on_head_end();
    Result<void, FramingError> on_chunk_size(std::string_view line);
    Step read_body(std::string_view buffer);
    Step read_chunk_data(std::string_view buffer);
    Step read_chunk_end(std::string_view buffer);

    Kind kind_;
    Limits limits_;
    Part part_ = Part::start_line;
    MessageHead head_;
    std::size_t position_ = 0;    // all before it is understood
    std::size_t scanned_ = 0;     // from position_ up to here there is no line end
    std::size_t line_bytes_ = 0;  // spent on head, chunk extensions and trailers
    std::size_t body_start_ = 0;
    std::uint64_t remaining_ = 0;  // of the body, or of the chunk
    bool until_close_ = false;
    bool chunked_ = false;
    std::string chunks_;
};

}  // namespace wxpay::http
