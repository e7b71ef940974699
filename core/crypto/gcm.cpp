#include "core/crypto/gcm.hpp"

#include <array>
#include <climits>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/base/assert.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/openssl.hpp"

namespace wxpay {
namespace {

using openssl::bytes;
using openssl::Freeing;
using CipherPtr = std::unique_ptr<EVP_CIPHER, Freeing<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freeing<EVP_CIPHER_CTX_free>>;

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;

[[noreturn]] void fail() {
    ERR_clear_error();
    throw std::runtime_error("OpenSSL does not do AES-256-GCM");
}

bool fits_int(std::string_view text) { return text.size() <= INT_MAX; }

EVP_CIPHER* cipher() {
    static const CipherPtr fetched(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
    if (!fetched) fail();
    return fetched.get();
}

/// Contexts of the keys that this thread used last, for one direction. A context holds its key's
/// schedule, whose first 32 bytes are the key itself; so the copy beside it, by which it is found
/// again, gives away nothing that is not in memory anyway.
class KeyedCiphers {
  public:
    explicit KeyedCiphers(bool encrypting) : encrypting_(encrypting ? 1 : 0) {}

    EVP_CIPHER_CTX* start(std::string_view key, std::string_view nonce) {
        for (Entry& entry : entries_) {
            if (!entry.context || !equal_in_constant_time(entry.key_view(), key)) continue;
            init(entry, nullptr, nullptr, nonce);
            return entry.context.get();
        }
        Entry& entry = entries_[next_++ % entries_.size()];
        entry.context.reset(EVP_CIPHER_CTX_new());
        if (!entry.context) fail();
        key.copy(entry.key.data(), kKeySize);
        init(entry, cipher(), bytes(key), nonce);
        return entry.context.get();
    }

  private:
    struct Entry {
        Entry() = default;
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry() { OPENSSL_cleanse(key.data(), key.size()); }
        std::string_view key_view() const { return {key.data(), key.size()}; }

        std::array<char, kKeySize> key{};
        CipherContext context;
    };

    void init(Entry& entry, const EVP_CIPHER* cipher, const unsigned char* key,
              std::string_view nonce) const {
        if (EVP_CipherInit_ex(entry.context.get(), cipher, nullptr, key, bytes(nonce),
                              encrypting_) == 1)
            return;
        entry.context.reset();
        fail();
    }

    static constexpr std::size_t kKeysKept = 8;
    int encrypting_;
    std::array<Entry, kKeysKept> entries_;
    std::size_t next_ = 0;
};

/// Data to authenticate, then data to turn into `out`.
bool update(EVP_CIPHER_CTX* context, std::string_view associated, std::string_view in,
            unsigned char* out) {
    int size = 0;
    return (associated.empty() || EVP_CipherUpdate(context, nullptr, &size, bytes(associated),
                                                   static_cast<int>(associated.size())) == 1) &&
           (in.empty() ||
            EVP_CipherUpdate(context, out, &size, bytes(in), static_cast<int>(in.size())) == 1);
}

}  // namespace

std::string aes256_gcm_encrypt(const Secret& key, std::string_view nonce,
                               std::string_view associated, std::string_view plain) {
    WXPAY_ASSERT(key.reveal().size() == kKeySize && nonce.size() == kNonceSize);
    WXPAY_ASSERT(fits_int(associated) && fits_int(plain));
    static thread_local KeyedCiphers ciphers(true);
    EVP_CIPHER_CTX* const context = ciphers.start(key.reveal(), nonce);
    std::string out(plain.size() + kTagSize, '\0');
    unsigned char* const tag = bytes(out) + plain.size();
    int rest = 0;
    if (!update(context, associated, plain, bytes(out)) ||
        EVP_CipherFinal_ex(context, tag, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) != 1)
        fail();
    return out;
}

std::optional<std::string> aes256_gcm_decrypt(const Secret& key, std::string_view nonce,
                                              std::string_view associated,
                                              std::string_view cipher) {
    if (key.reveal().size() != kKeySize || nonce.size() != kNonceSize || cipher.size() < kTagSize ||
        !fits_int(associated) || !fits_int(cipher))
        return std::nullopt;
    static thread_local KeyedCiphers ciphers(false);
    EVP_CIPHER_CTX* const context = ciphers.start(key.reveal(), nonce);
    std::string tag(cipher.substr(cipher.size() - kTagSize));
    cipher.remove_suffix(kTagSize);
    std::string out(cipher.size(), '\0');
    if (!update(context, associated, cipher, bytes(out)) ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) != 1)
        fail();
    std::array<unsigned char, kTagSize> nothing{};
    int rest = 0;
    if (EVP_CipherFinal_ex(context, nothing.data(), &rest) == 1) return out;
    OPENSSL_cleanse(out.data(), out.size());  // not proven to be anybody's words
    ERR_clear_error();
    return std::nullopt;
}

}  // namespace wxpay
