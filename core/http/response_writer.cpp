#include "core/http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include <httplib.h>

#include "core/http/framing.hpp"

namespace wxpay::http {

// What is overridden and relied on below is not httplib's public promise, and its classes change
// their layout with compile flags: both are pinned to the packaged library.
static_assert(std::string_view(CPPHTTPLIB_VERSION) == "0.11.4");
static_assert(sizeof(httplib::Client) == 16, "take the compile flags from pkg-config");

namespace {

/// Headers that say how the message is framed are the writer's.
bool is_framing(std::string_view name) {
    constexpr std::array<std::string_view, 4> kNames{"Content-Length", "Transfer-Encoding",
                                                     "Connection", "Keep-Alive"};
    return std::any_of(kNames.begin(), kNames.end(),
                       [&](auto known) { return equals_ignoring_case(name, known); });
}

/// A request in, an answer out, all in memory.
class MemoryStream final : public httplib::Stream {
  public:
    MemoryStream(std::string_view in, std::string_view lines, std::string& out)
        : in_(in), lines_(lines), out_(out) {}

    bool is_readable() const override { return !in_.empty(); }
    bool is_writable() const override { return true; }
    ssize_t read(char* to, std::size_t size) override {
        size = std::min(size, in_.size());
        std::memcpy(to, in_.data(), size);
        in_.remove_prefix(size);
        return static_cast<ssize_t>(size);
    }
    // httplib sorts headers by name. So it is not given ours: they go in after its status line.
    ssize_t write(const char* from, std::size_t size) override {
        std::string_view bytes(from, size);
        if (!lines_.empty()) {
            const auto status_line = bytes.substr(0, bytes.find('\n') + 1);
            out_.append(status_line).append(lines_);
            bytes.remove_prefix(status_line.size());
            lines_ = {};
        }
        out_.append(bytes);
        return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return INVALID_SOCKET; }

  private:
    std::string_view in_;
    std::string_view lines_;
    std::string& out_;
};

}  // namespace

/// httplib is shown a constant request instead of the real one. The real one was taken apart by the
/// framing, and what httplib would do with it is not wanted here: form decoding with a limit of its
/// own, ranges, compression, and std::regex over what clients send.
class ResponseWriter::Speaker final : public httplib::Server {
  public:
    Speaker() {
        set_pre_routing_handler([this](const httplib::Request&, httplib::Response& answer) {
            answer.status = response_->status;
            answer.body = std::move(response_->body);
            return HandlerResponse::Handled;
        });
        // The headers that httplib has added by now are ours to say.
        set_post_routing_handler(
            [](const httplib::Request&, httplib::Response& answer) { answer.headers.clear(); });
    }

    void speak(Response& response, const Context& context, std::string& out) {
        response_ = &response;
        lines_.clear();
        const bool has_length = !context.streamed && response.status >= 200 &&
                                response.status != 204 && response.status != 304;
        if (!has_length) response.body.clear();
        const auto add = [this](std::string_view name, std::string_view value) {
            lines_.append(name).append(": ").append(value).append("\r\n");
        };
        const auto add_length = [&] {
            if (has_length) add("Content-Length", std::to_string(response.body.size()));
        };
        bool is_framed = false;
        for (const auto& [name, value] : response.headers) {
            if (!is_framing(name)) {
                add(name, value);
            } else if (!is_framed && equals_ignoring_case(name, "Keep-Alive")) {
                // In the order that nginx has.
                add_length();
                add("Connection", context.close ? "close" : "keep-alive");
                if (!context.close) add(name, value);
                is_framed = true;
            }
        }
        if (!is_framed) {
            if (context.close) {
                add("Connection", "close");
            } else if (context.minor_version == 0) {
                add("Connection", "keep-alive");
            }
            add_length();
        }

        MemoryStream stream(
            context.to_head_request ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n", lines_,
            out);
        bool closed = false;
        // "Close", so that it does not make up a Keep-Alive line.
        process_request(stream, true, closed, nullptr);
    }

  private:
    Response* response_ = nullptr;
    std::string lines_;
};

ResponseWriter::ResponseWriter() : speaker_(std::make_unique<Speaker>()) {
    // httplib makes static tables on its first request. Made here, they are there before any other
    // thread looks: the packaged library is not instrumented, so that ThreadSanitizer could not see
    // what orders them.
    static std::once_flag tables_made;
    std::call_once(tables_made, [this] {
        std::string ignored;
        write(Response{}, {}, ignored);
    });
}
ResponseWriter::~ResponseWriter() = default;

void ResponseWriter::write(Response response, const Context& context, std::string& out) {
    const bool can_be_sent =
        response.status >= 100 && response.status <= 999 &&
        std::all_of(response.headers.begin(), response.headers.end(),
                    [](const Headers::Line& line) {
                        return is_token(line.first) && is_header_value(line.second);
                    });
    if (!can_be_sent) response = Response{500, {}, {}};
    speaker_->speak(response, context, out);
}

}  // namespace wxpay::http
