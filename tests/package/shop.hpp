#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/random.hpp"
#include "core/client/v2_client.hpp"
#include "core/http/client.hpp"
#include "core/http/server.hpp"
#include "core/v2/notification.hpp"

/// The shop under test. Yours is larger, and need not be made of wxpay's libraries.
class Shop {
  public:
    /// `wechat`: WeChat Pay's address.
    Shop(const std::string& wechat, wxpay::v2::Account account)
        : transport_(connect(wechat)),
          client_(std::move(account), *transport_, random_),
          callbacks_({},
                     [this](const wxpay::http::Request& request) { return hear(request.body); }) {
        if (!callbacks_.start()) throw std::runtime_error("the shop has no port");
    }

    /// Asks WeChat for an order; returns its prepay_id.
    std::string order(const std::string& out_trade_no, std::int64_t fen) {
        wxpay::v2::UnifiedOrderRequest request;
        request.out_trade_no = out_trade_no;
        request.body = "tea";
        request.total_fee = wxpay::Fen(fen);
        request.spbill_create_ip = "127.0.0.1";
        request.notify_url = "http://127.0.0.1:" + std::to_string(callbacks_.port()) + "/notify";
        request.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
        {
            const std::lock_guard lock(mutex_);
            orders_[out_trade_no] = {request.total_fee, false};
        }
        auto reply = client_.unified_order(request);
        if (!reply) throw std::runtime_error(reply.error().detail);
        return reply->prepay_id;
    }

    /// Whether WeChat has said so.
    bool is_paid(const std::string& out_trade_no) const {
        const std::lock_guard lock(mutex_);
        const auto order = orders_.find(out_trade_no);
        return order != orders_.end() && order->second.paid;
    }

  private:
    struct Order {
        wxpay::Fen total;
        bool paid;
    };

    static std::unique_ptr<wxpay::http::Client> connect(const std::string& wechat) {
        wxpay::http::Client::Options options;
        options.base_url = wechat;
        auto client = wxpay::http::Client::create(options);
        if (!client) throw std::runtime_error(client.error().detail);
        return *std::move(client);
    }

    /// Answers a callback.
    wxpay::http::Response hear(const std::string& body) {
        const auto& me = client_.account();
        const auto payment = wxpay::v2::parse_payment_notification(body, me.api_key, me.sign_type);
        if (!payment) return {.body = wxpay::v2::notification_refused(payment.error().detail)};
        const std::lock_guard lock(mutex_);
        const auto order = orders_.find(payment->out_trade_no);
        if (order == orders_.end() || order->second.total != payment->total_fee ||
            payment->appid != me.appid || payment->mch_id != me.mch_id) {
            return {.body = wxpay::v2::notification_refused("not what was ordered")};
        }
        order->second.paid = true;
        return {.body = wxpay::v2::notification_accepted()};
    }

    wxpay::SecureRandom random_;
    std::unique_ptr<wxpay::http::Client> transport_;
    wxpay::v2::Client client_;
    mutable std::mutex mutex_;
    std::map<std::string, Order> orders_;  // by out_trade_no
    wxpay::http::Server callbacks_;
};
