#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/framing.hpp"
#include "core/http/message.hpp"
#include "core/http/response_writer.hpp"

namespace wxpay::http {

/// The server's side of one connection, without its socket: bytes that arrived become requests,
/// answers become bytes to send. One request at a time; those that follow it wait in the buffer.
class Conversation {
  public:
    /// Server::Options::refuse
    using Refuse = std::function<std::optional<Response>(int status, std::string_view detail,
                                                         const std::string& target)>;

    enum class Event {
        nothing,  ///< no whole request yet
        request,  ///< take_request(), and answer() it before the next call
        refused,  ///< what came is not acceptable; the refusal is written and the conversation ends
    };

    /// refuse  may be empty; must outlive the conversation
    Conversation(MessageReader::Limits limits, std::string remote_address, const Refuse& refuse);

    void receive(std::string_view bytes);

    /// Looks for the next request. Also writes to `out` what the protocol itself has to say: 100
    /// Continue, refusals.
    Event next(ResponseWriter& writer, std::string& out);

    Request take_request() { return std::move(request_); }

    /// Writes the answer to the last request. `close`: the last one of this conversation, whatever
    /// the peer would like.
    void answer(Response response, bool close, ResponseWriter& writer, std::string& out);

    /// Writes the head of an answer whose body follows in pieces; the last one of this
    /// conversation. False when the request wants no body.
    bool begin_stream(Response head, ResponseWriter& writer, std::string& out);

    /// Whether bytes are here that were not answered: part of a next request, or what was refused.
    bool in_request() const { return consumed_ < in_.size(); }
    /// Whether all has been said: nothing will be read or answered any more.
    bool ended() const { return ended_; }

  private:
    void skip_empty_lines();
    void forget_answered();
    Response refusal(int status, const char* detail) const;
    void begin_request(MessageHead head, std::string body);

    MessageReader::Limits limits_;
    std::string remote_address_;
    const Refuse& refuse_;
    std::string in_;
    std::size_t consumed_ = 0;  // of in_
    MessageReader reader_;
    bool continued_ = false;  // 100 Continue was sent
    Request request_;
    ResponseWriter::Context context_;  // for its answer
    bool ended_ = false;
};

}  // namespace wxpay::http
