#include "core/http/channel.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace wxpay::http {
namespace {

class PlainChannel final : public Channel {
  public:
    using Channel::Channel;

    Received receive(std::span<char> buffer) override {
        const auto received = ::recv(fd(), buffer.data(), buffer.size(), 0);
        if (received > 0) return {Received::State::bytes, static_cast<std::size_t>(received)};
        if (received < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        return {Received::State::closed};
    }

    Sent send(std::string_view bytes, std::size_t& sent) override {
        while (sent < bytes.size()) {
            const auto size = ::send(fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (size > 0) {
                sent += static_cast<std::size_t>(size);
            } else if (size < 0 && errno == EAGAIN) {
                return Sent::blocked;
            } else if (errno != EINTR) {
                return Sent::broken;
            }
        }
        return Sent::all;
    }
};

}  // namespace

std::unique_ptr<Channel> open_plain_channel(Descriptor socket) {
    return std::make_unique<PlainChannel>(std::move(socket));
}

}  // namespace wxpay::http
