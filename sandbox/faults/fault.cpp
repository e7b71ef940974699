#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

std::string_view wire_name(Effect::Kind kind) {
    switch (kind) {
        case Effect::Kind::none:
            return "";
        case Effect::Kind::err_code:
            return "err_code";
        case Effect::Kind::http_status:
            return "http_status";
        case Effect::Kind::drop_before:
        case Effect::Kind::drop_after:
            return "drop";
        case Effect::Kind::truncate:
            return "truncate";
        case Effect::Kind::corrupt_sign:
            return "corrupt_sign";
        case Effect::Kind::duplicate:
            return "duplicate";
        case Effect::Kind::reorder:
            return "reorder";
        case Effect::Kind::tamper:
            return "tamper";
        case Effect::Kind::forge:
            return "forge";
        case Effect::Kind::lose:
            return "lose";
    }
    return "";
}

std::string describe(const Effect& effect) {
    std::string out(effect.delay ? "delay" : "");
    if (effect.kind == Effect::Kind::none) return out;
    if (effect.delay) out += " and ";
    return out.append(wire_name(effect.kind));
}

bool matches(const Fault& fault, const FaultTarget& target) {
    if (fault.on != target.on) return false;
    if (!fault.mch_id.empty() && fault.mch_id != target.mch_id) return false;
    if (!fault.endpoint.empty() && !matches_glob(fault.endpoint, target.path)) return false;
    if (!fault.out_trade_no.empty() &&
        (target.out_trade_no.empty() || !matches_glob(fault.out_trade_no, target.out_trade_no)))
        return false;
    const bool swaps = fault.effect.kind == Effect::Kind::reorder;
    if (!target.can_wait && (swaps || fault.effect.delay)) return false;
    return target.can_swap || !swaps;
}

bool matches_glob(std::string_view glob, std::string_view text) {
    // Only the last '*' ever has to give back: what an earlier one took is as good as any other.
    std::size_t g = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_ends = 0;
    while (t < text.size()) {
        if (g < glob.size() && glob[g] == '*') {
            star = g++;
            star_ends = t;
        } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
            ++g;
            ++t;
        } else if (star != std::string_view::npos) {
            g = star + 1;
            t = ++star_ends;
        } else {
            return false;
        }
    }
    while (g < glob.size() && glob[g] == '*') ++g;
    return g == glob.size();
}

}  // namespace wxpay::sandbox
