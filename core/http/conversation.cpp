#include "core/http/conversation.hpp"

#include <utility>

namespace wxpay::http {
namespace {

constexpr std::size_t kKeptCapacityMax = 4096;  // an idle connection holds no more than this

Response plain_refusal(int status, const char* detail) {
    Response refusal{status, {}, std::string(detail) + "\n"};
    refusal.headers.add("Content-Type", "text/plain; charset=utf-8");
    return refusal;
}

}  // namespace

Conversation::Conversation(MessageReader::Limits limits, std::string remote_address,
                           const Refuse& refuse)
    : limits_(limits),
      remote_address_(std::move(remote_address)),
      refuse_(refuse),
      reader_(MessageReader::request(limits)) {}

void Conversation::receive(std::string_view bytes) {
    in_.erase(0, std::exchange(consumed_, 0));
    in_.append(bytes);
}

void Conversation::skip_empty_lines() {
    const std::size_t size = empty_lines(std::string_view(in_).substr(consumed_));
    if (size == 0) return;
    consumed_ += size;
    reader_ = MessageReader::request(limits_);  // it may have seen the first half of one
    if (!in_request()) forget_answered();
}

void Conversation::forget_answered() {
    consumed_ = 0;
    if (in_.capacity() > kKeptCapacityMax) in_ = std::string();
    in_.clear();
}

/// In the owner's words; in ours where it has none, or fails.
Response Conversation::refusal(int status, const char* detail) const {
    try {
        if (refuse_) {
            if (auto own = refuse_(status, detail, reader_.head().target)) return *std::move(own);
        }
    } catch (...) {
        // As with handlers, its text is not the peer's business.
    }
    return plain_refusal(status, detail);
}

Conversation::Event Conversation::next(ResponseWriter& writer, std::string& out) {
    if (ended_) return Event::nothing;
    skip_empty_lines();
    if (!in_request()) return Event::nothing;
    const auto buffer = std::string_view(in_).substr(consumed_);
    const auto whole = reader_.read(buffer);
    if (!whole) {
        ended_ = true;
        const auto& [status, detail] = whole.error();
        writer.write(refusal(status, detail), {.close = true}, out);
        return Event::refused;
    }
    if (!*whole) {
        const bool waits_for_word = reader_.has_head() && reader_.head().minor_version > 0 &&
                                    reader_.head().has_token("Expect", "100-continue");
        if (waits_for_word && !std::exchange(continued_, true))
            out += "HTTP/1.1 100 Continue\r\n\r\n";
        return Event::nothing;
    }

    begin_request(reader_.take_head(), reader_.take_body(buffer));
    consumed_ += reader_.size();
    reader_ = MessageReader::request(limits_);
    continued_ = false;
    if (!in_request()) forget_answered();
    return Event::request;
}

void Conversation::begin_request(MessageHead head, std::string body) {
    context_ = {.to_head_request = head.method == "HEAD",
                .minor_version = head.minor_version,
                .close = !head.keeps_connection()};
    set_target(request_, head.target);
    request_.method = std::move(head.method);
    request_.headers = std::move(head.headers);
    request_.body = std::move(body);
    request_.remote_address = remote_address_;
}

void Conversation::answer(Response response, bool close, ResponseWriter& writer, std::string& out) {
    context_.close = context_.close || close ||
                     equals_ignoring_case(response.headers.get("Connection"), "close");
    ended_ = context_.close || response.cut || response.cut_at;
    if (response.cut) return;
    std::string unsaid;
    if (response.cut_at.value_or(response.body.size()) < response.body.size())
        unsaid = response.body.substr(*response.cut_at);
    writer.write(std::move(response), context_, out);
    // Some answers have no body after all: those to HEAD, and statuses such as 204.
    if (!context_.to_head_request && out.ends_with(unsaid)) out.resize(out.size() - unsaid.size());
}

bool Conversation::begin_stream(Response head, ResponseWriter& writer, std::string& out) {
    context_.close = ended_ = true;
    context_.streamed = true;
    writer.write(std::move(head), context_, out);
    return !context_.to_head_request;
}

}  // namespace wxpay::http
