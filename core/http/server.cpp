#include "core/http/server.hpp"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/http/acceptor.hpp"
#include "core/http/connection.hpp"
#include "core/http/parking.hpp"

namespace wxpay::http {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kOutBytesMax = 64 * 1024;      // pipelined answers that leave together
constexpr std::size_t kKeptCapacityMax = 16 * 1024;  // of `out`, between answers
constexpr int kCheckSeconds = 1;
constexpr int kLastStallMillis =
    1000;  // stop() waits so long for a peer to take more of its answer

constexpr std::string_view kTimeoutAnswer =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// Tags of events that are no connection's.
constexpr std::uint64_t kQuitTag = 0;
constexpr std::uint64_t kTimerTag = 2;

/// A file descriptor of the kernel's that the server cannot do without.
Descriptor needed(int fd) {
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(),
                                "no descriptor for the HTTP server");
    return Descriptor(fd);
}

std::string peer_address(int fd) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (peer.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    } else if (peer.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    std::string_view address = text.data();
    constexpr std::string_view kMapped = "::ffff:";
    if (address.starts_with(kMapped) && address.find('.') != std::string_view::npos)
        address.remove_prefix(kMapped.size());
    return std::string(address);
}

}  // namespace

class Server::Impl {
  public:
    Impl(Options options, Handler handler);
    ~Impl() { stop(); }

    Result<void> listen();
    Result<void> start();
    void stop();
    void check_deadlines();
    std::size_t connections() const;
    int port() const { return acceptor_.port(); }

  private:
    struct Worker {
        ResponseWriter writer;
        std::array<char, kReadBytes> buffer;
    };

    void adopt(Descriptor socket);
    void drop(Connection& connection);
    void drop_expired(Connection& connection);
    void set_timer(int seconds);

    void work();
    void on_timer();
    void on_parked(std::uint64_t tag, std::uint32_t events);
    void on_event(Connection& connection, Worker& worker);

    bool receive(Connection& connection, Worker& worker);
    void go_on(Connection& connection, Worker& worker);
    bool answer_requests(Connection& connection, Worker& worker);
    Answer ask_handler(Request request) const;
    bool flush(Connection& connection);
    void wait_for_request(Connection& connection);
    void wait_for_answer(Connection& connection);
    bool next_piece(Connection& connection);
    void end(Connection& connection);
    void drain(Connection& connection);
    void arm(Connection& connection, std::uint32_t events, Millis timeout);
    void send_last_answers();

    const Options options_;
    const Handler handler_;
    std::unique_ptr<TlsContext> tls_;  // null: plain
    const SystemStopwatch machine_stopwatch_;
    const Stopwatch& stopwatch_;
    const Descriptor epoll_;
    const Descriptor quit_;
    const Descriptor timer_;
    const std::shared_ptr<Parking> parking_;

    mutable std::mutex mutex_;  // guards the registry, and with it every socket from being closed
    std::unordered_map<Connection*, std::unique_ptr<Connection>> registry_;
    bool timer_runs_ = false;  // without connections it does not

    std::mutex stop_mutex_;
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> workers_;
    Acceptor acceptor_;
};

Server::Impl::Impl(Options options, Handler handler)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      stopwatch_(options_.stopwatch ? *options_.stopwatch : machine_stopwatch_),
      epoll_(needed(::epoll_create1(EPOLL_CLOEXEC))),
      quit_(needed(::eventfd(0, EFD_CLOEXEC))),
      timer_(needed(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))),
      parking_(std::make_shared<Parking>(
          epoll_.get(), [this] { return (stopwatch_.elapsed() + options_.send_timeout).count(); })),
      acceptor_([this](Descriptor socket) { adopt(std::move(socket)); }) {}

Result<void> Server::Impl::listen() {
    if (options_.tls) {
        WXPAY_TRY(tls_, TlsContext::create(*options_.tls));
    }
    return acceptor_.listen(options_.host, options_.port);
}

Result<void> Server::Impl::start() {
    WXPAY_ASSERT(workers_.empty());
    if (port() == 0) WXPAY_CHECK(listen());
    epoll_event quit{.events = EPOLLIN, .data = {.u64 = kQuitTag}};  // every worker sees it
    epoll_event timer{.events = EPOLLIN | EPOLLONESHOT, .data = {.u64 = kTimerTag}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, quit_.get(), &quit) != 0 ||
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &timer) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    for (std::size_t i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { work(); });
    acceptor_.start();
    return {};
}

void Server::Impl::stop() {
    const std::lock_guard stopping(stop_mutex_);
    acceptor_.stop();
    stopping_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(quit_.get(), &one, sizeof one);
    for (auto& worker : workers_) worker.join();
    workers_.clear();
    parking_->close();
    send_last_answers();
    const std::lock_guard lock(mutex_);
    registry_.clear();
}

std::size_t Server::Impl::connections() const {
    const std::lock_guard lock(mutex_);
    return registry_.size();
}

void Server::Impl::check_deadlines() {
    const auto now = stopwatch_.elapsed().count();
    const std::lock_guard lock(mutex_);
    for (auto& [connection, owner] : registry_) connection->expire(now, kTimeoutAnswer);
}

void Server::Impl::set_timer(int seconds) {
    const itimerspec every{.it_interval = {.tv_sec = seconds, .tv_nsec = 0},
                           .it_value = {.tv_sec = seconds, .tv_nsec = 0}};
    ::timerfd_settime(timer_.get(), 0, &every, nullptr);
}

void Server::Impl::adopt(Descriptor socket) {
    const int fd = socket.get();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    const MessageReader::Limits limits{options_.head_bytes_max, options_.body_bytes_max};
    auto channel = tls_ ? tls_->open(std::move(socket)) : open_plain_channel(std::move(socket));
    auto owned =
        std::make_unique<Connection>(std::move(channel), limits, peer_address(fd), options_.refuse);
    Connection& connection = *owned;
    {
        const std::lock_guard lock(mutex_);
        if (registry_.size() >= options_.connections_max) return;
        if (!std::exchange(timer_runs_, true)) set_timer(kCheckSeconds);
        registry_.emplace(&connection, std::move(owned));
    }
    const auto deadline = (stopwatch_.elapsed() + options_.idle_timeout).count();
    if (!connection.arm(epoll_.get(), EPOLL_CTL_ADD, EPOLLIN, connection.tag(), deadline))
        drop(connection);
}

void Server::Impl::drop(Connection& connection) {
    const std::lock_guard lock(mutex_);
    registry_.erase(&connection);
}

void Server::Impl::drop_expired(Connection& connection) {
    // Otherwise the kernel would go on offering megabytes of an answer to a peer that takes none.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    if (connection.phase == Connection::Phase::sending)
        ::setsockopt(connection.channel->fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    drop(connection);
}

void Server::Impl::work() {
    const auto worker = std::make_unique<Worker>();
    for (;;) {
        epoll_event event{};
        if (::epoll_wait(epoll_.get(), &event, 1, -1) < 1) continue;  // a signal
        const auto tag = event.data.u64;
        if (tag == kQuitTag) return;
        if (tag == kTimerTag) {
            on_timer();
        } else if (Parking::is_ticket(tag)) {
            on_parked(tag, event.events);
        } else {
            auto& connection = Connection::from_tag(tag);
            try {
                on_event(connection, *worker);
            } catch (const std::exception&) {
                drop(connection);  // it is still ours: nothing throws after giving it up
            }
        }
    }
}

void Server::Impl::on_timer() {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto read = ::read(timer_.get(), &times, sizeof times);
    check_deadlines();
    {
        const std::lock_guard lock(mutex_);
        timer_runs_ = !registry_.empty();
        if (!timer_runs_) set_timer(0);
    }
    epoll_event timer{.events = EPOLLIN | EPOLLONESHOT, .data = {.u64 = kTimerTag}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, timer_.get(), &timer);
}

void Server::Impl::on_parked(std::uint64_t tag, std::uint32_t events) {
    const bool is_gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
    const auto deadline = (stopwatch_.elapsed() + options_.request_timeout).count();
    if (Connection* const left =
            is_gone ? parking_->leave(tag) : parking_->peer_finished(tag, deadline))
        drop(*left);
}

void Server::Impl::on_event(Connection& connection, Worker& worker) {
    if (!connection.take()) return drop_expired(connection);
    switch (connection.phase) {
        case Connection::Phase::reading:
            if (!receive(connection, worker)) return;
            break;
        case Connection::Phase::draining: {
            const auto received =
                ::recv(connection.channel->fd(), worker.buffer.data(), worker.buffer.size(), 0);
            const bool nothing_yet = received < 0 && (errno == EAGAIN || errno == EINTR);
            if (received <= 0 && !nothing_yet) return drop(connection);
            return arm(connection, EPOLLIN, options_.send_timeout);
        }
        case Connection::Phase::answering:
            connection.phase = Connection::Phase::reading;
            connection.talk.answer(*std::exchange(connection.promised, std::nullopt), stopping_,
                                   worker.writer, connection.out);
            break;
        case Connection::Phase::sending:
            break;
    }
    go_on(connection, worker);
}

/// False when the connection is no longer the caller's.
bool Server::Impl::receive(Connection& connection, Worker& worker) {
    if (connection.idle()) connection.since.reset();
    const auto received = connection.channel->receive(worker.buffer);
    switch (received.state) {
        case Channel::Received::State::bytes:
            if (received.size > 0) connection.talk.receive({worker.buffer.data(), received.size});
            return true;
        case Channel::Received::State::closed:
            return drop(connection), false;
        case Channel::Received::State::refused:
            return drain(connection), false;
    }
    return false;
}

/// Sends, answers what is in the buffer, sends, …, until the connection has to wait for something.
void Server::Impl::go_on(Connection& connection, Worker& worker) {
    for (bool more = true; flush(connection); more = answer_requests(connection, worker)) {
        if (connection.later) return wait_for_answer(connection);
        if (connection.stream) {
            if (next_piece(connection)) continue;
            return;
        }
        if (connection.talk.ended()) return end(connection);
        if (more) continue;
        if (!connection.channel->has_more()) return wait_for_request(connection);
        if (!receive(connection, worker)) return;
    }
}

/// True when it stopped only to let the answers leave.
bool Server::Impl::answer_requests(Connection& connection, Worker& worker) {
    while (!stopping_ &&
           connection.talk.next(worker.writer, connection.out) == Conversation::Event::request) {
        connection.since.reset();
        Request request = connection.talk.take_request();
        connection.channel->describe(request);
        auto answer = ask_handler(std::move(request));
        if (auto* const later = std::get_if<Later>(&answer)) {
            connection.later = std::move(*later);
            return false;
        }
        if (auto* const streaming = std::get_if<Streaming>(&answer)) {
            if (connection.talk.begin_stream(std::move(streaming->head), worker.writer,
                                             connection.out)) {
                connection.stream = std::move(streaming->body);
            } else {
                streaming->body->close();
            }
            return false;
        }
        connection.talk.answer(std::get<Response>(std::move(answer)), stopping_, worker.writer,
                               connection.out);
        if (connection.out.size() > kOutBytesMax) return true;
    }
    return false;
}

Answer Server::Impl::ask_handler(Request request) const {
    try {
        return handler_(std::move(request));
    } catch (...) {
        return Response{500, {}, {}};  // the exception's text is not the peer's business
    }
}

/// True when all of `out` has left. Otherwise the connection is no longer the caller's.
bool Server::Impl::flush(Connection& connection) {
    auto& out = connection.out;
    switch (connection.channel->send(out, connection.sent)) {
        case Channel::Sent::all:
            break;
        case Channel::Sent::blocked:
            if (std::exchange(connection.phase, Connection::Phase::sending) !=
                Connection::Phase::sending)
                connection.since.reset();
            return arm(connection, EPOLLOUT, options_.send_timeout), false;
        case Channel::Sent::broken:
            return drop(connection), false;
    }
    if (connection.phase == Connection::Phase::sending) {
        connection.phase = Connection::Phase::reading;
        connection.since.reset();
    }
    connection.sent = 0;
    if (out.capacity() > kKeptCapacityMax) out = std::string();
    out.clear();
    return true;
}

void Server::Impl::wait_for_request(Connection& connection) {
    const bool idle = connection.idle();
    if (idle) connection.since.reset();
    connection.owes_timeout = connection.talk.in_request();
    arm(connection, EPOLLIN, idle ? options_.idle_timeout : options_.request_timeout);
}

void Server::Impl::wait_for_answer(Connection& connection) {
    connection.owes_timeout = false;
    const Later later = *std::exchange(connection.later, std::nullopt);
    Reply reply = parking_->park(connection);
    try {
        later(std::move(reply));
    } catch (...) {
        // The Reply is gone, or will be: then the peer gets a 500.
    }
}

/// True when there is something to send. Otherwise the connection is no longer the caller's.
bool Server::Impl::next_piece(Connection& connection) {
    auto [bytes, last] = connection.stream->take();
    connection.out = std::move(bytes);
    if (!connection.out.empty()) return true;
    if (last) {
        end(connection);
    } else {
        connection.owes_timeout = false;
        parking_->park_stream(connection);
    }
    return false;
}

void Server::Impl::end(Connection& connection) {
    if (!connection.talk.in_request()) return drop(connection);
    drain(connection);  // the peer has said more than we listened to, and may go on
}

void Server::Impl::drain(Connection& connection) {
    connection.channel->finish();
    ::shutdown(connection.channel->fd(), SHUT_WR);
    connection.phase = Connection::Phase::draining;
    connection.since.reset();
    arm(connection, EPOLLIN, options_.send_timeout);
}

/// Arms with a deadline that counts from when this wait began.
void Server::Impl::arm(Connection& connection, std::uint32_t events, Millis timeout) {
    if (connection.phase != Connection::Phase::reading) connection.owes_timeout = false;
    if (!connection.since) connection.since = stopwatch_.elapsed();
    connection.arm(epoll_.get(), EPOLL_CTL_MOD, events, connection.tag(),
                   (*connection.since + timeout).count());
}

/// What handlers have answered leaves even when the server stops, while the peers keep taking it.
void Server::Impl::send_last_answers() {
    std::vector<pollfd> waiting;
    ResponseWriter writer;
    for (;;) {
        waiting.clear();
        const std::lock_guard lock(mutex_);
        for (auto& [connection, owner] : registry_) {
            if (connection->promised)
                connection->talk.answer(*std::exchange(connection->promised, std::nullopt), true,
                                        writer, connection->out);
            if (connection->stream) connection->out += connection->stream->take().bytes;
            if (connection->channel->send(connection->out, connection->sent) ==
                Channel::Sent::blocked)
                waiting.push_back(
                    {.fd = connection->channel->fd(), .events = POLLOUT, .revents = 0});
        }
        if (waiting.empty() || ::poll(waiting.data(), waiting.size(), kLastStallMillis) <= 0)
            return;
    }
}

Server::Server(Options options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() = default;
Result<void> Server::listen() { return impl_->listen(); }
Result<void> Server::start() { return impl_->start(); }
int Server::port() const { return impl_->port(); }
void Server::check_deadlines() { impl_->check_deadlines(); }
std::size_t Server::connections() const { return impl_->connections(); }
void Server::stop() { impl_->stop(); }

}  // namespace wxpay::http
