#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/check.hpp"
#include "http/client_fixture.hpp"

namespace belfry::http {

// A self-signed certificate for `names` ("DNS:…,IP:…"), its PEM file, and a server context.
class Identity {
 public:
  explicit Identity(const std::string& names)
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()), context_(SSL_CTX_new(TLS_method())) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3'600);
    X509_set_pubkey(certificate_, key_);
    auto* subject = X509_get_subject_name(certificate_);
    const auto* common = reinterpret_cast<const unsigned char*>("test");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(certificate_, subject);
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate_, extension, -1);
    X509_EXTENSION_free(extension);
    CHECK(X509_sign(certificate_, key_, EVP_sha256()) > 0);
    CHECK(SSL_CTX_use_certificate(context_, certificate_) == 1);
    CHECK(SSL_CTX_use_PrivateKey(context_, key_) == 1);
    path_ = testing::TempDir() + "belfry-ca-" + std::to_string(getpid()) + ".pem";
    std::FILE* file = std::fopen(path_.c_str(), "w");
    CHECK(file != nullptr && PEM_write_X509(file, certificate_) == 1);
    std::fclose(file);
  }
  ~Identity() {
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::filesystem::remove(path_);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  SSL_CTX* context() const { return context_; }
  ClientOptions trusted() const {
    ClientOptions options;
    options.extra_ca_file = path_;
    return options;
  }

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  SSL_CTX* context_;
  std::string path_;
};

inline std::string tls_url(const ScriptedPeer& peer, const std::string& host) {
  return "https://" + host + ":" + std::to_string(peer.port()) + "/";
}

}  // namespace belfry::http
