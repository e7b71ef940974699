#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace wxpay::http {

/// Whether two header names or tokens are the same: ASCII letters compare without case.
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Header lines in the order in which they came or will go out. Names compare without case.
class Headers {
  public:
    using Line = std::pair<std::string, std::string>;

    void add(std::string name, std::string value) {
        lines_.emplace_back(std::move(name), std::move(value));
    }
    /// Replaces every line of that name.
    void set(std::string_view name, std::string value);
    /// The first line of that name, or nothing. The view lives as long as the line.
    std::optional<std::string_view> find(std::string_view name) const;
    /// As find(), empty when there is none.
    std::string_view get(std::string_view name) const {
        return find(name).value_or(std::string_view{});
    }

    auto begin() const { return lines_.begin(); }
    auto end() const { return lines_.end(); }
    std::size_t size() const { return lines_.size(); }

  private:
    std::vector<Line> lines_;
};

/// A request as a plain value. `path` is percent-decoded and without the query; `query` is raw.
struct Request {
    std::string method = "GET";
    std::string path = "/";
    std::string query;
    Headers headers;
    std::string body;
    std::string remote_address;  ///< the peer's IP address, no port

    /// The percent-decoded value of a query parameter; the first one when it is given twice.
    std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
};

/// Sends an answer that came later. Callable once, from any thread; calling it after the peer has
/// gone is harmless.
using Reply = std::function<void(Response)>;

/// Starts work whose answer comes later. It must not block: the caller is one of the server's few
/// workers. If every copy of the Reply is destroyed uncalled, the peer gets a 500.
using Later = std::function<void(Reply)>;

/// What a handler returns: the response, or the promise of one. A promise holds a connection but no
/// worker.
using Answer = std::variant<Response, Later>;

/// The whole application as a function; called by several workers at once. The request is its to
/// keep.
using Handler = std::function<Answer(Request)>;

/// "/a b?x=1" and the like: percent-decodes; bad escapes stay as they are. '+' becomes a space only
/// in `form` mode.
std::string percent_decode(std::string_view text, bool form = false);
/// Percent-encodes everything but letters, digits and "-_.~".
std::string percent_encode(std::string_view text);

}  // namespace wxpay::http
