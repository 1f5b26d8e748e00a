// Package tlsfiles is what a node does TLS with: it reads and checks the files and settings that PostgreSQL's names stand
// for (ssl_cert_file, ssl_key_file, ssl_ca_file …), lays them out for child processes, and makes of them what crypto/tls
// needs, the verification of client certificates included.
//
// The postmaster reads the files, at its start and on reload, and hands what it has read to the children that it launches
// (launch.Params.TLS). A child never opens the files: a session has the certificate that was valid when it connected, and a
// process that waits for a client is replaced when the files have changed.
//
// crypto/tls is not OpenSSL. What differs:
//
//   - ssl_ciphers: OpenSSL's strings are understood as far as they name suites that crypto/tls has (Suites). Names that
//     are not known are ignored, as OpenSSL does, and said to be. Suites of TLS 1.3 cannot be chosen: all three are there.
//   - ssl_prefer_server_ciphers has no effect: crypto/tls chooses, by what both sides have hardware for.
//   - ssl_ecdh_curve: prime256v1, secp384r1, secp521r1, X25519, X25519MLKEM768, also several with colons between, as
//     PostgreSQL 18 takes them. Where it is not set X25519 is allowed beside prime256v1, as is PostgreSQL 18's default:
//     most clients begin with that one, and would have to begin again.
//   - ssl_dh_params_file has no effect: there are no suites with DHE.
//   - An encrypted key may be one of PKCS #8 with PBKDF2 and AES or 3DES (what OpenSSL 3 writes), or of OpenSSL's older
//     form; scrypt is refused.
//   - RSA keys of less than 1024 bits are refused.
//   - ssl_crl_dir is read when the configuration is, not at each connection.
//
// Sessions are never resumed and never compressed, as with PostgreSQL. The package must never log: keys pass through it.
package tlsfiles
