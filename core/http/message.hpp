#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace wxpay::http {

class Stream;

/// Whether two header names or tokens are the same: ASCII letters compare without case.
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Header lines in the order in which they came or will go out. Names compare without case.
///
/// All lines share one buffer: every exchange makes, copies and keeps them.
class Headers {
  public:
    /// Name and value. The views live until the headers change or go.
    using Line = std::pair<std::string_view, std::string_view>;

    class Iterator {
      public:
        using value_type = Line;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        Line operator*() const { return headers_->line(at_); }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        Iterator operator++(int) {
            auto before = *this;
            ++at_;
            return before;
        }
        bool operator==(const Iterator& other) const { return at_ == other.at_; }

      private:
        friend class Headers;
        Iterator(const Headers& headers, std::size_t at) : headers_(&headers), at_(at) {}
        const Headers* headers_ = nullptr;
        std::size_t at_ = 0;
    };

    void add(std::string_view name, std::string_view value);
    /// Replaces every line of that name.
    void set(std::string_view name, std::string_view value);
    /// The first line of that name, or nothing. The view lives until the headers change or go.
    std::optional<std::string_view> find(std::string_view name) const;
    /// As find(), empty when there is none.
    std::string_view get(std::string_view name) const {
        return find(name).value_or(std::string_view{});
    }

    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, spans_.size()}; }
    std::size_t size() const { return spans_.size(); }
    /// What they hold in memory, about.
    std::size_t bytes() const { return text_.size() + spans_.size() * sizeof(Span); }

  private:
    struct Span {
        std::uint32_t name_at;
        std::uint32_t name_size;
        std::uint32_t value_size;  // the value lies right behind the name
    };
    Line line(std::size_t index) const {
        const Span& span = spans_[index];
        const std::string_view text = text_;
        return {text.substr(span.name_at, span.name_size),
                text.substr(span.name_at + span.name_size, span.value_size)};
    }

    std::string text_;
    std::vector<Span> spans_;
};

/// The certificate that a peer showed in its TLS handshake.
struct ClientCertificate {
    std::string common_name;  ///< CN of its subject; merchants' certificates have the mch_id there
    std::string serial;       ///< upper-case hex
    bool trusted = false;     ///< issued by the CA that the listener asks for, and valid now
    std::string issuer = {};  ///< its issuer's name: "CN=…,O=…"
    std::string fingerprint = {};  ///< SHA-256 of it, lower-case hex
};

/// A request as a plain value. `path` is percent-decoded and without the query; `query` is raw.
struct Request {
    std::string method = "GET";
    std::string path = "/";
    std::string query;
    /// Path and query as they stood on the request line, for what is signed; empty in requests that
    /// were not received.
    std::string target;
    Headers headers;
    std::string body;
    std::string remote_address;                                 ///< the peer's IP address, no port
    bool secure = false;                                        ///< came over TLS
    std::shared_ptr<const ClientCertificate> certificate = {};  ///< null: none was shown

    /// The percent-decoded value of a query parameter; the first one when it is given twice.
    std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
    int status = 200;
    Headers headers = {};
    std::string body = {};
    bool cut = false;  ///< no answer: the connection is closed instead
    /// The connection is closed when so much of the body has left; Content-Length is the whole's.
    std::optional<std::size_t> cut_at = {};
};

/// Sends an answer that came later. Callable once, from any thread; calling it after the peer has
/// gone is harmless.
using Reply = std::function<void(Response)>;

/// Starts work whose answer comes later. It must not block: the caller is one of the server's few
/// workers. If every copy of the Reply is destroyed uncalled, the peer gets a 500.
using Later = std::function<void(Reply)>;

/// An answer whose body is written as time goes by. Its head leaves at once; the body ends when the
/// stream does, and the connection with it. A peer that ends its side while it listens has gone. It
/// holds a connection but no worker.
struct Streaming {
    Response head;  ///< its body is not sent
    std::shared_ptr<Stream> body;
};

/// What a handler returns: the response, the promise of one, or one that goes on. A promise holds a
/// connection but no worker.
using Answer = std::variant<Response, Later, Streaming>;

/// The whole application as a function; called by several workers at once. The request is its to
/// keep.
using Handler = std::function<Answer(Request)>;

/// What stands, or will stand, on the request line: `target`, or, when that is empty, the path,
/// percent-encoded where it must be, and the query.
std::string target_of(const Request& request);

/// Takes the target of a request line apart: sets `target`, `path` and `query`. A whole url, as
/// proxies are sent it, counts from its path on.
void set_target(Request& request, std::string_view target);

/// Names and values of "a=1&b=2" as they are written; empty pieces are left out. Views into
/// `query`.
std::vector<std::pair<std::string_view, std::string_view>> query_parameters(std::string_view query);

/// "/a b?x=1" and the like: percent-decodes; bad escapes stay as they are. '+' becomes a space only
/// in `form` mode.
std::string percent_decode(std::string_view text, bool form = false);
/// Percent-encodes everything but letters, digits and "-_.~".
std::string percent_encode(std::string_view text);

}  // namespace wxpay::http
