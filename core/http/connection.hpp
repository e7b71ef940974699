#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/http/channel.hpp"
#include "core/http/conversation.hpp"
#include "core/http/message.hpp"
#include "core/http/stream.hpp"

namespace wxpay::http {

/// One of the server's connections. It is armed in epoll for one event at a time, and whoever gets
/// that event owns it until it is armed again or dropped. All members but the atomic ones are the
/// owner's alone.
struct Connection {
    enum class Phase {
        reading,    ///< waits for bytes of a request
        answering,  ///< `promised` holds the answer that a request waited for
        sending,    ///< waits for the peer to take more of `out`
        draining,   ///< all is said; reads on, since closing before the peer has finished would
                    ///< reset the connection
    };
    static constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();
    static constexpr std::int64_t kExpired = -1;

    Connection(std::unique_ptr<Channel> bytes, MessageReader::Limits limits,
               std::string remote_address, const Conversation::Refuse& refuse);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Gives the connection up: its next event, which carries `tag`, gives it to a new owner.
    /// `operation` is epoll's; `at` is the deadline. False when epoll cannot take another socket;
    /// then it stays the caller's.
    bool arm(int epoll, int operation, std::uint32_t events, std::uint64_t tag, std::int64_t at);
    /// First thing a new owner does. False when the deadline had passed: then it is only to be
    /// dropped.
    bool take();
    /// Shuts the socket down when the deadline has passed and nobody has taken the connection; its
    /// event makes a worker drop it. `timeout_answer` leaves first when it is owed.
    void expire(std::int64_t now, std::string_view timeout_answer);
    /// The tag of events that concern the connection itself. Even; a parked connection's tag is
    /// odd.
    std::uint64_t tag() const { return reinterpret_cast<std::uintptr_t>(this); }
    static Connection& from_tag(std::uint64_t tag) {
        // epoll carries either, and an odd tag is no pointer.
        return *reinterpret_cast<Connection*>(tag);  // NOLINT(performance-no-int-to-ptr)
    }

    /// Whether the peer has begun nothing that it has not finished.
    bool idle() const { return !talk.in_request() && !channel->unfinished(); }

    const std::unique_ptr<Channel> channel;  ///< and with it the socket
    Conversation talk;
    Phase phase = Phase::reading;
    std::optional<Millis> since;  // when the wait began that has a deadline
    std::string out;
    std::size_t sent = 0;              // of out
    std::optional<Later> later;        // to be called once `out` has left
    std::optional<Response> promised;  // what came of it
    std::shared_ptr<Stream> stream;    // the rest of the answer; shared with those who write it

    /// By the stopwatch, in milliseconds. kExpired once expire() has shut the socket down.
    std::atomic<std::int64_t> deadline{kNoDeadline};
    std::atomic<bool> owes_timeout{false};  // the deadline is a request's: 408

  private:
    std::mutex handover_;  // the last owner is through with arm(), or the deadline with expire(),
                           // before the next one begins
};

}  // namespace wxpay::http
