#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/http/connection.hpp"
#include "core/http/message.hpp"

namespace wxpay::http {

/// Where connections wait for promised answers, or for the next piece of one. They are known by
/// ticket, not by address: an answer and the peer's leaving can come at the same time, and whoever
/// takes the ticket first has the connection. Shared with the Replies, which may outlive the
/// server. Thread-safe.
class Parking : public std::enable_shared_from_this<Parking> {
  public:
    /// `send_deadline`: until when a peer may take what is ready now. It is not called any more
    /// after close().
    Parking(int epoll, std::function<std::int64_t()> send_deadline)
        : epoll_(epoll), send_deadline_(std::move(send_deadline)) {}

    /// Takes the connection over. The Reply makes it ready for a worker, in Phase::answering.
    Reply park(Connection& connection);

    /// Takes the connection over until its stream has something to take: that makes it ready for a
    /// worker, in Phase::sending.
    void park_stream(Connection& connection);

    /// For an event on a parked connection, which says that the peer has gone. Whose it is now,
    /// nullptr when the answer came first.
    Connection* leave(std::uint64_t tag);

    /// For an event that says that the peer sends no more. It may have closed, or wait for its
    /// answer all the same: one cannot tell. It gets until `deadline`. Who listens to a stream
    /// waits for no last answer, and so has gone: then as leave().
    Connection* peer_finished(std::uint64_t tag, std::int64_t deadline);

    /// No connection and no epoll is touched any more.
    void close();

    static bool is_ticket(std::uint64_t tag) { return tag % 2 == 1; }

  private:
    class Promise;
    void answer(std::uint64_t tag, Response response);
    void go_on(std::uint64_t tag);
    void hand_over(Connection& connection, Connection::Phase phase);

    const int epoll_;
    const std::function<std::int64_t()> send_deadline_;
    std::atomic<std::uint64_t> next_tag_{1};
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, Connection*> parked_;
};

}  // namespace wxpay::http
