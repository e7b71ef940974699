#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/descriptor.hpp"
#include "core/http/message.hpp"

namespace wxpay::http {

/// How the bytes of one of the server's connections travel over its socket. Nothing here waits. One
/// owner at a time.
class Channel {
  public:
    struct Received {
        enum class State {
            bytes,    ///< `size` of them are in the buffer; it may be 0: nothing yet
            closed,   ///< by the peer
            refused,  ///< not this channel's language; what there is to say about it waits to be
                      ///< sent
        };
        State state = State::bytes;
        std::size_t size = 0;
    };
    enum class Sent {
        all,      ///< nothing waits
        blocked,  ///< go on when the socket takes more
        broken,   ///< the peer is gone
    };

    /// Takes over the socket, which does not block.
    explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}
    virtual ~Channel() = default;  ///< closes the socket
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    int fd() const { return socket_.get(); }

    /// What has arrived, as much as fits.
    virtual Received receive(std::span<char> buffer) = 0;
    /// Whether receive() has something to tell before the socket has.
    virtual bool has_more() const { return false; }
    /// Whether the peer owes the rest of something of the channel's own, a handshake say.
    virtual bool unfinished() const { return false; }

    /// Sends on from bytes[sent] and moves `sent` forward, and what the channel itself has to say.
    /// After `blocked` the same bytes must come again.
    virtual Sent send(std::string_view bytes, std::size_t& sent) = 0;
    /// Says that nothing more will be sent, if there is a word for it and the socket takes it.
    virtual void finish() {}

    /// Writes into the request what the channel knows about the peer.
    virtual void describe(Request&) const {}

  private:
    const Descriptor socket_;
};

/// The bytes as they are.
std::unique_ptr<Channel> open_plain_channel(Descriptor socket);

}  // namespace wxpay::http
