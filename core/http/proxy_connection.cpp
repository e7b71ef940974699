#include "core/http/proxy_connection.hpp"

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "core/http/addresses.hpp"
#include "core/http/framing.hpp"
#include "core/http/proxy_message.hpp"
#include "core/http/reasons.hpp"
#include "core/http/url.hpp"

namespace wxpay::http {
namespace {

using asio::ip::tcp;
using ErrorCode = asio::error_code;

// How often one connection may fill the scratch buffer before the others have their turn.
constexpr int kRoundsMax = 4;
// Bodies pass by and are not kept, so there is no limit to them.
constexpr std::size_t kAnyBody = static_cast<std::size_t>(-1) / 2;
constexpr std::size_t kAnswerHeadBytesMax = 64 * 1024;

constexpr std::string_view kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";

bool must_wait(const ErrorCode& error) {
    return error == asio::error::would_block || error == asio::error::try_again ||
           error == asio::error::interrupted;
}

/// One end, and what waits to be sent there.
struct Side {
    explicit Side(asio::io_context& io) : socket(io) {}

    tcp::socket socket;
    std::string waiting;
    std::size_t sent = 0;   // of waiting
    bool ended = false;     // it sends nothing any more
    bool reset = false;     // and did not end properly
    bool broken = false;    // it takes nothing any more
    bool finished = false;  // we send nothing any more
    bool awaits_bytes = false;
    bool awaits_space = false;
};

/// Up: from the client to the server.
enum class Way { up, down };

class Connection final : public ProxyConnection, public std::enable_shared_from_this<Connection> {
  public:
    Connection(ProxyContext& context, std::function<void(ProxyConnection&)> ended)
        : context_(context),
          ended_(std::move(ended)),
          client_(std::make_shared<Side>(context.io)),
          since_(context.stopwatch.elapsed()) {}

    bool adopt(Descriptor socket);
    void start() override;
    void turn_away() override;
    void expire(Millis now) override;
    void finish() override;
    void close() override;

  private:
    enum class Phase {
        request,  // the head of one is awaited
        lookup,
        connect,
        tunnel,
        exchange,  // a request is handed on, and its answer
        leaving,   // the last answer is sent, and the client given time to take it
        closed
    };

    template <class Do>
    void guard(Do action);
    void run(Way way);
    void advance(Way way);
    void expect_request();
    void read_request();
    void decide(bool whole);
    void look_up();
    void on_addresses(const std::vector<std::string>& addresses);
    void connect_to_next();
    void on_connected(const ErrorCode& error);
    void begin();
    void pump(Way way);
    void end_direction(const Side& from, Side& to);
    void pump_request();
    void pump_answer();
    bool take_answer();
    void on_answer_cut();
    void end_exchange();
    void fail(int status, const std::string& why);
    void refuse(int status, const std::string& why);
    void leave();
    void say_goodbye(Way way);
    void look_at_deadlines(Millis now);
    void abort();

    std::size_t receive(Side& from);
    void put(Side& to, std::string_view bytes);
    std::size_t write(Side& to, std::string_view bytes);
    bool flush(Side& to);
    void on_broken(Side& side);
    void finish_sending(Side& to);
    void wait_for_bytes(Side& from);
    void wait_for_space(Side& to);
    void watch(const std::shared_ptr<Side>& side);
    void drop_server();
    void touch() { since_ = context_.stopwatch.elapsed(); }
    std::string_view scratch(std::size_t size) const { return {context_.scratch.data(), size}; }

    ProxyContext& context_;
    const std::function<void(ProxyConnection&)> ended_;
    const std::shared_ptr<Side> client_;
    std::shared_ptr<Side> server_;
    Phase phase_ = Phase::request;
    Millis since_;  // when the wait of this phase began
    bool stopping_ = false;

    // Of the request under way.
    std::string in_;  // from the client, not handed on yet
    std::optional<MessageReader> request_;
    MessageHead head_;
    bool request_whole_ = false;
    bool is_tunnel_ = false;
    ForwardProxy::Destination destination_;
    NameLookup::Ticket ticket_ = 0;
    std::vector<std::string> addresses_;  // still to be tried, the next one last
    Millis next_at_{};                    // when the next one has its turn, if there is one
    std::string outgoing_;                // what the server gets first

    // Of its answer.
    std::string answer_;
    std::optional<MessageReader> answer_reader_;
    bool answer_begun_ = false;
    bool answer_whole_ = false;
    bool keeps_ = false;
    bool is_answered_ = false;  // by the server, and leaving
};

bool Connection::adopt(Descriptor socket) {
    const int fd = socket.get();
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    ErrorCode error;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0)
        client_->socket.assign(local.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, error);
    if (!client_->socket.is_open()) return false;
    socket.release();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    client_->socket.non_blocking(true, error);
    return true;
}

void Connection::start() {
    guard([this] {
        watch(client_);
        expect_request();
        advance(Way::up);
    });
}

void Connection::turn_away() {
    guard([this] { refuse(503, "this proxy has too many connections already"); });
}

void Connection::expect_request() {
    phase_ = Phase::request;
    request_.emplace(MessageReader::request(
        {.head_bytes_max = context_.options.head_bytes_max, .body_bytes_max = kAnyBody}));
    request_whole_ = false;
    head_ = {};
    touch();
}

/// What fails on the way, for want of memory, is the end of this connection alone.
template <class Do>
void Connection::guard(Do action) {
    const auto kept = server_;  // whoever drops it on the way still looks at it
    try {
        action();
    } catch (const std::exception&) {
        close();
    }
}

/// What has happened on one side may let bytes go on that way.
void Connection::run(Way way) {
    guard([this, way] { advance(way); });
}

void Connection::advance(Way way) {
    switch (phase_) {
        case Phase::request:
            return way == Way::up ? read_request() : void();
        case Phase::tunnel:
            return pump(way);
        case Phase::exchange:
            return way == Way::up ? pump_request() : pump_answer();
        case Phase::leaving:
            return say_goodbye(way);
        case Phase::lookup:
        case Phase::connect:
        case Phase::closed:
            return;
    }
}

void Connection::read_request() {
    for (;;) {
        if (const std::size_t empty = empty_lines(in_); empty > 0) {
            in_.erase(0, empty);
            expect_request();
        }
        const auto whole = request_->read(in_);
        if (!whole) return refuse(whole.error().status, whole.error().detail);
        if (request_->has_head()) return decide(*whole);
        if (client_->ended) return close();
        const std::size_t size = receive(*client_);
        if (size == 0 && !client_->ended) return;
        if (in_.empty()) touch();
        in_.append(scratch(size));
    }
}

void Connection::decide(bool whole) {
    head_ = request_->take_head();
    request_whole_ = whole;
    const auto asked = parse_proxy_request(head_);
    if (!asked) return refuse(asked.error().status, asked.error().detail);
    auto route = context_.options.route(*asked);
    if (const auto* const refusal = std::get_if<ForwardProxy::Refusal>(&route))
        return refuse(refusal->status, refusal->reason);
    destination_ = std::move(std::get<ForwardProxy::Destination>(route));
    is_tunnel_ = asked->tunnel;
    outgoing_.clear();
    const std::size_t head_size = request_->head_size();
    const std::size_t size = request_->pass();
    if (!is_tunnel_) {
        outgoing_ = forwarded_request(head_, asked->url);
        outgoing_.append(in_, head_size, size - head_size);
    }
    in_.erase(0, size);
    touch();
    look_up();
}

void Connection::look_up() {
    phase_ = Phase::lookup;
    ErrorCode not_an_address;
    asio::ip::make_address(destination_.host, not_an_address);
    if (!not_an_address) return on_addresses({destination_.host});
    ticket_ = context_.lookup.find(destination_.host,
                                   [self = shared_from_this()](const Addresses& found) {
                                       self->guard([&] {
                                           if (found) return self->on_addresses(*found);
                                           self->refuse(502, found.error().detail);
                                       });
                                   });
}

void Connection::on_addresses(const std::vector<std::string>& addresses) {
    const AllowAddress every_one;
    auto [to_try, refused] = addresses_to_try(
        destination_.host, addresses, destination_.trusted ? every_one : context_.options.allow);
    addresses_ = std::move(to_try);
    if (!addresses_.empty()) return connect_to_next();
    if (refused.empty()) return refuse(502, "no such host: " + destination_.host);
    refuse(403, destination_.host + " is at " + refused + ", where this proxy does not go");
}

void Connection::connect_to_next() {
    const Millis now = context_.stopwatch.elapsed();
    const Millis left = since_ + context_.options.connect_timeout - now;
    next_at_ = now + time_of_attempt(left, addresses_.size());
    const tcp::endpoint endpoint(asio::ip::make_address(addresses_.back()),
                                 static_cast<asio::ip::port_type>(destination_.port));
    addresses_.pop_back();
    phase_ = Phase::connect;
    server_ = std::make_shared<Side>(context_.io);
    ErrorCode error;
    server_->socket.open(endpoint.protocol(), error);
    if (error) return on_connected(error);
    ::fcntl(server_->socket.native_handle(), F_SETFD, FD_CLOEXEC);
    server_->socket.non_blocking(true, error);
    // Best effort: it only saves time.
    server_->socket.set_option(tcp::no_delay(true), error);
    server_->socket.async_connect(
        endpoint, [self = shared_from_this(), server = server_](const ErrorCode& failed) {
            if (server == self->server_ && self->phase_ == Phase::connect)
                self->guard([&] { self->on_connected(failed); });
        });
}

void Connection::on_connected(const ErrorCode& error) {
    if (!error) return begin();
    drop_server();
    if (!addresses_.empty()) return connect_to_next();
    const bool is_full =
        error == asio::error::no_descriptors || error == std::errc::too_many_files_open_in_system;
    refuse(is_full ? 503 : 502, "no connection to " +
                                    host_and_port(destination_.host, destination_.port) + ": " +
                                    for_people(error));
}

void Connection::begin() {
    const auto server = server_;  // a client that has left meanwhile takes it along
    touch();
    watch(server_);
    if (is_tunnel_) {
        phase_ = Phase::tunnel;
        ++context_.tunnels;
        ++context_.tunnels_total;
        put(*client_, kEstablished);
        put(*server, std::exchange(in_, {}));
    } else {
        phase_ = Phase::exchange;
        ++context_.requests_total;
        answer_.clear();
        answer_begun_ = answer_whole_ = keeps_ = false;
        answer_reader_.emplace(MessageReader::response(
            {.head_bytes_max = kAnswerHeadBytesMax, .body_bytes_max = kAnyBody},
            head_.method == "HEAD"));
        put(*server, std::exchange(outgoing_, {}));
    }
    run(Way::up);
    run(Way::down);
}

/// Hands on what comes until one side has to be waited for.
void Connection::pump(Way way) {
    Side& from = way == Way::up ? *client_ : *server_;
    Side& to = way == Way::up ? *server_ : *client_;
    for (int round = 0; !to.broken; ++round) {
        if (!flush(to)) return;
        if (from.ended) return end_direction(from, to);
        if (round == kRoundsMax) return wait_for_bytes(from);
        const std::size_t size = receive(from);
        if (size > 0) {
            put(to, scratch(size));
        } else if (!from.ended) {
            return;
        }
    }
}

void Connection::end_direction(const Side& from, Side& to) {
    if (from.reset) return abort();
    finish_sending(to);
    if (from.broken || stopping_ || (client_->finished && server_->finished)) close();
}

void Connection::pump_request() {
    Side& server = *server_;
    for (int round = 0; !server.broken; ++round) {
        if (!flush(server) || request_whole_) return;
        if (!in_.empty()) {
            const auto whole = request_->read(in_);
            if (!whole) return fail(whole.error().status, whole.error().detail);
            request_whole_ = *whole;
            const std::size_t size = request_->pass();
            put(server, std::string_view(in_).substr(0, size));
            in_.erase(0, size);
            if (size > 0) continue;
        }
        if (client_->ended) return close();
        if (round >= kRoundsMax) return wait_for_bytes(*client_);
        const std::size_t size = receive(*client_);
        if (size == 0 && !client_->ended) return;
        in_.append(scratch(size));
    }
}

void Connection::pump_answer() {
    Side& server = *server_;
    for (int round = 0; flush(*client_); ++round) {
        if (answer_whole_) return end_exchange();
        if (server.ended) return on_answer_cut();
        if (round == kRoundsMax) return wait_for_bytes(server);
        const std::size_t size = receive(server);
        if (size == 0 && !server.ended) return;
        answer_.append(scratch(size));
        if (!take_answer()) return;
    }
}

/// Hands on what is here of the answer; false when it has failed.
bool Connection::take_answer() {
    for (;;) {
        const auto whole = answer_reader_->read(answer_);
        if (!whole)
            return fail(502, std::string("the answer is not HTTP/1.1: ") + whole.error().detail),
                   false;
        std::size_t skipped = 0;
        if (!answer_begun_) {
            if (!answer_reader_->has_head()) return true;
            const MessageHead& head = answer_reader_->head();
            if (head.status == 101)
                return fail(502, "the server switches to a protocol that was not asked for"), false;
            // "HTTP/1.1 200 OK": what follows the status is the server's to choose.
            constexpr std::size_t kReasonAt = 13;
            const std::string_view line(answer_.data(), answer_.find("\r\n"));
            const std::string_view reason = line.substr(std::min(line.size(), kReasonAt));
            skipped = answer_reader_->head_size();
            if (head.status < 200) {
                if (head_.minor_version > 0)
                    put(*client_, forwarded_response(head, reason, true, head_.minor_version));
                answer_.erase(0, skipped);
                answer_reader_.emplace(MessageReader::response(
                    {.head_bytes_max = kAnswerHeadBytesMax, .body_bytes_max = kAnyBody},
                    head_.method == "HEAD"));
                continue;
            }
            keeps_ = keeps_proxy_connection(head_) && !answer_reader_->ends_with_connection();
            put(*client_, forwarded_response(head, reason, keeps_, head_.minor_version));
            answer_begun_ = true;
        }
        answer_whole_ = *whole;
        const std::size_t size = answer_reader_->pass();
        put(*client_, std::string_view(answer_).substr(skipped, size - skipped));
        answer_.erase(0, size);
        return phase_ == Phase::exchange;
    }
}

void Connection::on_answer_cut() {
    if (!answer_begun_)
        return refuse(502, host_and_port(destination_.host, destination_.port) +
                               " closed the connection before answering");
    if (server_->reset) return abort();
    if (!answer_reader_->finish(answer_)) return close();
    answer_whole_ = true;
    end_exchange();
}

void Connection::end_exchange() {
    drop_server();
    // The client is still sending what nobody wants any more.
    if (!keeps_ || !request_whole_ || stopping_) {
        is_answered_ = true;
        return leave();
    }
    expect_request();
    read_request();
}

/// The exchange cannot go on.
void Connection::fail(int status, const std::string& why) {
    if (answer_begun_) return abort();
    refuse(status, why);
}

/// An answer of the proxy's own, the last one.
void Connection::refuse(int status, const std::string& why) {
    ++context_.refused_total;
    drop_server();
    Response response{status, {}, why + "\n"};
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    std::string bytes;
    context_.writer.write(std::move(response),
                          {.to_head_request = head_.method == "HEAD", .close = true}, bytes);
    put(*client_, bytes);
    leave();
}

void Connection::leave() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::leaving;
    in_ = {};
    touch();
    run(Way::down);
    run(Way::up);
}

/// Closing with bytes unread would reset the connection, and take the answer from the client.
void Connection::say_goodbye(Way way) {
    if (way == Way::down) {
        if (!flush(*client_)) return;
        finish_sending(*client_);
        return stopping_ ? close() : void();
    }
    for (int round = 0; !client_->ended; ++round) {
        if (round == kRoundsMax) return wait_for_bytes(*client_);
        if (receive(*client_) == 0 && !client_->ended) return;
    }
    if (client_->finished) close();
}

/// Puts what is there into the scratch buffer. 0: it has ended, or is waited for, or all is over.
std::size_t Connection::receive(Side& from) {
    ErrorCode error;
    const std::size_t size = from.socket.read_some(asio::buffer(context_.scratch), error);
    if (!error) {
        if (phase_ == Phase::tunnel || phase_ == Phase::exchange) touch();
        return size;
    }
    if (must_wait(error)) {
        if (stopping_ && &from != client_.get()) {
            close();
        } else {
            wait_for_bytes(from);
        }
        return 0;
    }
    from.ended = true;
    from.reset = error != asio::error::eof || from.broken;
    if (from.reset && &from == client_.get()) {
        from.ended = false;  // so that whoever reads does not go on
        abort();
    }
    return 0;
}

/// Sends what the socket takes at once and keeps the rest.
void Connection::put(Side& to, std::string_view bytes) {
    if (to.broken || phase_ == Phase::closed) return;
    if (to.waiting.empty()) bytes.remove_prefix(write(to, bytes));
    if (!to.broken) to.waiting.append(bytes);
}

std::size_t Connection::write(Side& to, std::string_view bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        ErrorCode error;
        sent += to.socket.write_some(asio::buffer(bytes.data() + sent, bytes.size() - sent), error);
        if (must_wait(error)) break;
        if (error) return on_broken(to), bytes.size();
    }
    return sent;
}

/// True when nothing waits any more.
bool Connection::flush(Side& to) {
    if (to.broken || phase_ == Phase::closed) return false;
    if (to.waiting.empty()) return true;
    const std::size_t sent = write(to, std::string_view(to.waiting).substr(to.sent));
    if (to.broken) return false;
    if (sent > 0 && phase_ != Phase::leaving) touch();
    to.sent += sent;
    if (to.sent < to.waiting.size()) return wait_for_space(to), false;
    to.waiting = {};  // most tunnels are idle
    to.sent = 0;
    return true;
}

/// It takes nothing any more. What a server has said before still goes to the client.
void Connection::on_broken(Side& side) {
    side.broken = true;
    side.waiting = {};
    side.sent = 0;
    if (&side == client_.get() || (side.ended && client_->finished)) abort();
}

void Connection::finish_sending(Side& to) {
    if (std::exchange(to.finished, true)) return;
    ErrorCode gone;  // then reading says so, too
    to.socket.shutdown(tcp::socket::shutdown_send, gone);
}

void Connection::wait_for_bytes(Side& from) {
    if (phase_ == Phase::closed || std::exchange(from.awaits_bytes, true)) return;
    const auto side = &from == client_.get() ? client_ : server_;
    side->socket.async_wait(tcp::socket::wait_read,
                            [self = shared_from_this(), side](const ErrorCode& cancelled) {
                                side->awaits_bytes = false;
                                if (cancelled) return;
                                if (side == self->client_) {
                                    self->run(Way::up);
                                } else if (side == self->server_) {
                                    self->run(Way::down);
                                }
                            });
}

void Connection::wait_for_space(Side& to) {
    if (phase_ == Phase::closed || std::exchange(to.awaits_space, true)) return;
    const auto side = &to == client_.get() ? client_ : server_;
    side->socket.async_wait(tcp::socket::wait_write,
                            [self = shared_from_this(), side](const ErrorCode& cancelled) {
                                side->awaits_space = false;
                                if (cancelled) return;
                                if (side == self->client_) {
                                    self->run(Way::down);
                                } else if (side == self->server_) {
                                    self->run(Way::up);
                                }
                            });
}

/// Notices a reset of a side that is not read just now.
void Connection::watch(const std::shared_ptr<Side>& side) {
    side->socket.async_wait(
        tcp::socket::wait_error, [self = shared_from_this(), side](const ErrorCode& cancelled) {
            if (cancelled || self->phase_ == Phase::closed) return;
            pollfd state{.fd = side->socket.native_handle(), .events = 0, .revents = 0};
            if (::poll(&state, 1, 0) < 0 || (state.revents & POLLERR) == 0) return;
            if (side == self->client_ || side == self->server_) self->on_broken(*side);
        });
}

void Connection::drop_server() {
    if (phase_ == Phase::lookup) context_.lookup.cancel(destination_.host, ticket_);
    if (!server_) return;
    ErrorCode ignored;
    server_->socket.close(ignored);
    server_.reset();
}

void Connection::expire(Millis now) {
    guard([this, now] { look_at_deadlines(now); });
}

void Connection::look_at_deadlines(Millis now) {
    const auto& options = context_.options;
    const Millis waited = now - since_;
    const std::string where = host_and_port(destination_.host, destination_.port);
    switch (phase_) {
        case Phase::request:
            if (in_.empty()) {
                if (waited > options.idle_timeout) close();
            } else if (waited > options.request_timeout) {
                refuse(408, "no whole request within " + for_people(options.request_timeout));
            }
            return;
        case Phase::lookup:
        case Phase::connect:
            if (waited > options.connect_timeout) {
                refuse(504, "no connection to " + where + " within " +
                                for_people(options.connect_timeout));
            } else if (phase_ == Phase::connect && now > next_at_ && !addresses_.empty()) {
                drop_server();
                connect_to_next();
            }
            return;
        case Phase::tunnel:
            if (waited > options.silence_timeout) close();
            return;
        case Phase::exchange:
            if (waited > options.silence_timeout)
                fail(504,
                     "nothing from " + where + " within " + for_people(options.silence_timeout));
            return;
        case Phase::leaving:
            // What is on its way to a slow reader is the kernel's to deliver, after us too.
            if (!is_answered_ && waited > options.send_timeout) abort();
            if (is_answered_ && waited > options.silence_timeout) close();
            return;
        case Phase::closed:
            return;
    }
}

void Connection::finish() {
    stopping_ = true;
    const bool has_words =
        phase_ == Phase::tunnel || phase_ == Phase::exchange || phase_ == Phase::leaving;
    if (!has_words) return close();
    run(Way::down);
}

/// As close(), but no side can take it for an end.
void Connection::abort() {
    for (const auto& side : {client_, server_}) {
        ErrorCode ignored;
        if (side) side->socket.set_option(tcp::socket::linger(true, 0), ignored);
    }
    close();
}

void Connection::close() {
    if (phase_ == Phase::closed) return;
    const auto self = shared_from_this();
    drop_server();
    const Phase before = std::exchange(phase_, Phase::closed);
    if (before == Phase::tunnel) --context_.tunnels;
    ErrorCode ignored;
    client_->socket.close(ignored);
    ended_(*this);
}

}  // namespace

std::shared_ptr<ProxyConnection> ProxyConnection::create(
    ProxyContext& context, Descriptor socket, std::function<void(ProxyConnection&)> ended) {
    auto connection = std::make_shared<Connection>(context, std::move(ended));
    return connection->adopt(std::move(socket)) ? connection : nullptr;
}

}  // namespace wxpay::http
