#include "core/http/outbound_connection.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/ssl.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/http/addresses.hpp"
#include "core/http/framing.hpp"
#include "core/http/reasons.hpp"

namespace wxpay::http {
namespace {

using asio::ip::tcp;
using ErrorCode = asio::error_code;
using Kind = Outcome::Kind;

constexpr std::size_t kHeadBytesMax = 16 * 1024;
constexpr std::size_t kReadBytes = 4 * 1024;  // a merchant's answer has some hundred bytes

using http::for_people;

std::string for_people(const tcp::endpoint& peer) {
    return host_and_port(peer.address().to_string(), peer.port());
}

std::string for_people(const FramingError& error) {
    const bool too_large = error.status == 413 || error.status == 431;
    return (too_large ? "the answer is too large: " : "the answer is not HTTP/1.1: ") +
           std::string(error.detail);
}

/// The peer went away, in whichever way; with TLS often without saying so.
bool is_end(const ErrorCode& error) {
    return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}
bool is_close(const ErrorCode& error) {
    return is_end(error) || error == asio::error::connection_reset ||
           error == asio::error::broken_pipe;
}

/// A socket, with TLS over it or not. Handlers hold it and compare it with the connection's own, so
/// that what comes late from a closed one is ignored.
struct Link {
    explicit Link(asio::io_context& io) : socket(io) {}
    tcp::socket socket;
    std::unique_ptr<asio::ssl::stream<tcp::socket&>> tls;
    std::array<char, kReadBytes> incoming{};
};

/// Tells TLS who must be at the other end; false when the name cannot be verified.
bool demand_peer(SSL* ssl, std::string host) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ErrorCode not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
    if (host.ends_with('.')) host.pop_back();
    // SSL_set_tlsext_host_name, without the macro's C cast.
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) ==
               1 &&
           X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1;
}

class Connection final : public OutboundConnection,
                         public std::enable_shared_from_this<Connection> {
  public:
    Connection(OutboundContext& context, const Url& url)
        : context_(context), url_(url), timer_(context.io), attempt_timer_(context.io) {}

    void send(OutboundRequest request, Ended ended) override;
    bool is_open() const override { return link_ != nullptr; }
    void keep(std::function<void()> closed) override;
    void close() override;

  private:
    enum class Phase { lookup, connect, handshake, answer };

    void look_up();
    void on_addresses(const std::vector<std::string>& addresses);
    void connect_to_next();
    void on_connected(const ErrorCode& error);
    void handshake();
    void on_handshake(const ErrorCode& error);
    void write();
    void read();
    void on_read(const ErrorCode& error, std::size_t size);
    void on_bytes();
    void on_closed(const ErrorCode& error);
    void on_answer(bool may_keep);
    void cut();
    void on_timeout();
    void expect_answer();
    void end(Kind kind, std::string reason);
    void end(Outcome outcome);
    void drop_link();
    void start_timer(Millis time, void (Connection::*on_time)());
    void on_idle_end();
    /// A handler that is dropped when it comes after the link it was meant for.
    template <class Handler>
    auto for_this_link(Handler handler);

    OutboundContext& context_;
    const Url url_;
    asio::steady_timer timer_;
    asio::steady_timer attempt_timer_;  // while there is a next address
    std::uint64_t round_ = 0;  // counts requests and pauses, so that a late timer knows it is late
    std::shared_ptr<Link> link_;
    std::string peer_;
    std::function<void()> closed_;

    // Of the request under way.
    OutboundRequest request_;
    Ended ended_;
    Millis started_{0};
    Phase phase_ = Phase::lookup;
    NameLookup::Ticket ticket_ = 0;
    std::vector<std::string> addresses_;  // still to be tried, the next one last
    int interim_ = 0;                     // answers of a status below 200
    bool reused_ = false;
    bool written_ = false;
    bool has_bytes_ = false;
    std::string received_;
    std::optional<MessageReader> reader_;
};

template <class Handler>
auto Connection::for_this_link(Handler handler) {
    return [self = shared_from_this(), link = link_, handler = std::move(handler)](
               const ErrorCode& error, auto... arguments) {
        if (link == self->link_) handler(error, arguments...);
    };
}

void Connection::start_timer(Millis time, void (Connection::*on_time)()) {
    timer_.expires_after(time);
    timer_.async_wait(
        [self = shared_from_this(), round = ++round_, on_time](const ErrorCode& error) {
            if (!error && round == self->round_) (self.get()->*on_time)();
        });
}

void Connection::send(OutboundRequest request, Ended ended) {
    WXPAY_ASSERT(!ended_);
    closed_ = nullptr;
    request_ = std::move(request);
    ended_ = std::move(ended);
    started_ = context_.stopwatch.elapsed();
    start_timer(request_.timeout, &Connection::on_timeout);
    if (request_.cut_at) drop_link();
    reused_ = link_ != nullptr;
    has_bytes_ = false;
    interim_ = 0;
    expect_answer();
    if (reused_) return write();
    phase_ = Phase::lookup;
    // Later, because what fails at once must not call `ended` before this has returned.
    asio::post(context_.io, [self = shared_from_this(), round = round_] {
        if (round == self->round_) self->look_up();
    });
}

void Connection::keep(std::function<void()> closed) {
    closed_ = std::move(closed);
    start_timer(context_.options.kept_connection_idle_max, &Connection::on_idle_end);
}

void Connection::on_idle_end() {
    drop_link();
    ++round_;
    timer_.cancel();
    if (const auto closed = std::exchange(closed_, nullptr)) closed();
}

void Connection::close() {
    if (ended_) return end(Kind::unreachable, "shutting down");
    closed_ = nullptr;
    on_idle_end();
}

void Connection::look_up() {
    phase_ = Phase::lookup;
    ErrorCode not_an_address;
    asio::ip::make_address(url_.host, not_an_address);
    if (!not_an_address) return on_addresses({url_.host});
    ticket_ = context_.lookup.find(
        url_.host, [self = shared_from_this(), round = round_](const Addresses& found) {
            if (round != self->round_) return;
            if (!found) return self->end(Kind::unreachable, found.error().detail);
            self->on_addresses(*found);
        });
}

void Connection::on_addresses(const std::vector<std::string>& addresses) {
    auto [to_try, refused] = addresses_to_try(url_.host, addresses, context_.options.allow);
    addresses_ = std::move(to_try);
    if (!addresses_.empty()) return connect_to_next();
    if (refused.empty()) return end(Kind::unreachable, "no such host: " + url_.host);
    end(Kind::not_allowed, refused);
}

void Connection::connect_to_next() {
    const tcp::endpoint endpoint(asio::ip::make_address(addresses_.back()),
                                 static_cast<asio::ip::port_type>(url_.port));
    addresses_.pop_back();
    phase_ = Phase::connect;
    peer_ = for_people(endpoint);
    link_ = std::make_shared<Link>(context_.io);
    ErrorCode error;
    link_->socket.open(endpoint.protocol(), error);
    if (error) return on_connected(error);
    ::fcntl(link_->socket.native_handle(), F_SETFD, FD_CLOEXEC);
    // Best effort: it only saves time.
    link_->socket.set_option(tcp::no_delay(true), error);
    link_->socket.async_connect(
        endpoint, for_this_link([this](const ErrorCode& failed) { on_connected(failed); }));
    if (addresses_.empty()) return;
    const Millis left = started_ + request_.timeout - context_.stopwatch.elapsed();
    attempt_timer_.expires_after(time_of_attempt(left, addresses_.size() + 1));
    attempt_timer_.async_wait(for_this_link([this](const ErrorCode& cancelled) {
        if (cancelled || phase_ != Phase::connect) return;
        drop_link();
        connect_to_next();
    }));
}

void Connection::on_connected(const ErrorCode& error) {
    attempt_timer_.cancel();
    if (error) {
        drop_link();
        return addresses_.empty() ? end(Kind::unreachable, for_people(error)) : connect_to_next();
    }
    if (url_.scheme == "https") return handshake();
    read();
    write();
}

void Connection::handshake() {
    phase_ = Phase::handshake;
    link_->tls = std::make_unique<asio::ssl::stream<tcp::socket&>>(link_->socket, context_.tls());
    if (!demand_peer(link_->tls->native_handle(), url_.host))
        return end(Kind::unreachable, "no certificate can be verified for " + url_.host);
    link_->tls->async_handshake(
        asio::ssl::stream_base::client,
        for_this_link([this](const ErrorCode& error) { on_handshake(error); }));
}

void Connection::on_handshake(const ErrorCode& error) {
    if (!error) {
        read();
        return write();
    }
    const long verified = SSL_get_verify_result(link_->tls->native_handle());
    if (verified != X509_V_OK)
        return end(Kind::unreachable, std::string("certificate verify failed: ") +
                                          X509_verify_cert_error_string(verified));
    end(Kind::unreachable, is_close(error)
                               ? peer_ + " closed the connection during the TLS handshake"
                               : "the TLS handshake failed: " + for_people(error));
}

void Connection::write() {
    phase_ = Phase::answer;
    written_ = false;
    // Only success counts. A failure shows in the read too, and there may be an answer before it:
    // a server need not take the whole request to refuse it.
    auto on_written =
        for_this_link([this, bytes = request_.bytes](const ErrorCode& error, std::size_t) {
            written_ = !error;
            if (request_.cut_at) cut();
        });
    const auto bytes =
        asio::buffer(*request_.bytes, request_.cut_at.value_or(request_.bytes->size()));
    if (link_->tls) {
        asio::async_write(*link_->tls, bytes, std::move(on_written));
    } else {
        asio::async_write(link_->socket, bytes, std::move(on_written));
    }
}

/// One read is always under way, also between requests: so a close is noticed when it happens.
void Connection::read() {
    auto on_data =
        for_this_link([this](const ErrorCode& error, std::size_t size) { on_read(error, size); });
    const auto space = asio::buffer(link_->incoming);
    if (link_->tls) {
        link_->tls->async_read_some(space, std::move(on_data));
    } else {
        link_->socket.async_read_some(space, std::move(on_data));
    }
}

void Connection::on_read(const ErrorCode& error, std::size_t size) {
    // Bytes that nobody asked for are no answer to what is asked next.
    if (!ended_) return on_idle_end();
    if (error) return on_closed(error);
    const auto link = link_;
    has_bytes_ = true;
    received_.append(link->incoming.data(), size);
    on_bytes();
    if (link == link_) read();
}

void Connection::expect_answer() {
    received_.clear();
    const std::size_t bytes_max = context_.options.response_bytes_max;
    reader_ = MessageReader::response(
        {.head_bytes_max = std::min(kHeadBytesMax, bytes_max), .body_bytes_max = bytes_max},
        request_.is_head);
}

void Connection::on_bytes() {
    for (;;) {
        const auto whole = reader_->read(received_);
        if (!whole) return end(Kind::malformed, for_people(whole.error()));
        if (!*whole) return;
        const int status = reader_->head().status;
        if (status == 101 || status >= 200) return on_answer(true);
        // An interim answer such as 100 Continue: the real one follows.
        if (++interim_ > kInterimAnswersMax)
            return end(Kind::malformed, "too many interim answers before the answer");
        std::string rest = received_.substr(reader_->size());
        expect_answer();
        received_ = std::move(rest);
    }
}

void Connection::on_closed(const ErrorCode& error) {
    if (!has_bytes_ && reused_ && is_close(error)) {
        reused_ = false;
        drop_link();
        return look_up();
    }
    if (received_.empty())
        return end(Kind::unreachable,
                   is_close(error)
                       ? peer_ + " closed the connection before answering"
                       : "the connection to " + peer_ + " failed: " + for_people(error));
    if (is_end(error)) {
        if (reader_->finish(received_)) return on_answer(false);
    }
    end(Kind::malformed, peer_ + " closed the connection in the middle of its answer");
}

void Connection::cut() { end(Kind::unreachable, "the connection was cut off on purpose"); }

void Connection::on_answer(bool may_keep) {
    if (request_.cut_at) return cut();
    const bool clean = written_ && reader_->size() == received_.size();
    MessageHead head = reader_->take_head();
    if (!may_keep || !clean || head.status == 101 || !head.keeps_connection()) drop_link();
    Outcome outcome;
    outcome.kind = Kind::answered;
    outcome.response = {head.status, std::move(head.headers), reader_->take_body(received_)};
    end(std::move(outcome));
}

void Connection::on_timeout() {
    const std::string within = " within " + for_people(request_.timeout);
    switch (phase_) {
        case Phase::lookup:
            return end(Kind::unreachable, "no address for " + url_.host + within);
        case Phase::connect:
            return end(Kind::unreachable, "no connection to " + peer_ + within);
        case Phase::handshake:
            return end(Kind::timed_out, "no TLS handshake" + within);
        case Phase::answer:
            return end(Kind::timed_out,
                       (received_.empty() ? "no answer" : "no whole answer") + within);
    }
}

void Connection::end(Kind kind, std::string reason) {
    drop_link();
    Outcome outcome;
    outcome.kind = kind;
    outcome.reason = std::move(reason);
    end(std::move(outcome));
}

void Connection::end(Outcome outcome) {
    outcome.latency = context_.stopwatch.elapsed() - started_;
    if (phase_ == Phase::lookup) context_.lookup.cancel(url_.host, ticket_);
    ++round_;
    timer_.cancel();
    attempt_timer_.cancel();
    request_ = {};
    received_ = {};
    reader_.reset();
    std::exchange(ended_, nullptr)(std::move(outcome));
}

void Connection::drop_link() {
    if (!link_) return;
    ErrorCode ignored;
    link_->socket.close(ignored);
    link_.reset();
}

}  // namespace

std::shared_ptr<OutboundConnection> OutboundConnection::create(OutboundContext& context,
                                                               const Url& url) {
    return std::make_shared<Connection>(context, url);
}

}  // namespace wxpay::http
