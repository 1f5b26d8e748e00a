package tlsfiles

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"
	"strings"
)

// parseKey takes any of the forms that OpenSSL writes.
func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, errors.New("unsupported key type")
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("unsupported private key")
}

// encrypted says whether a key needs a passphrase.
func encrypted(b *pem.Block) bool {
	return b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED")
}

// errDecrypt is OpenSSL's word for a passphrase that does not fit.
var errDecrypt = errors.New("bad decrypt")

func decrypt(b *pem.Block, passphrase []byte) ([]byte, error) {
	if b.Type == "ENCRYPTED PRIVATE KEY" {
		return decryptPKCS8(b.Bytes, passphrase)
	}
	//lint:ignore SA1019 keys in this form are about, and its weakness is in what an attacker can do who has the file
	der, err := x509.DecryptPEMBlock(b, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errDecrypt
	}
	return der, err
}

// The structures of RFC 5958 and RFC 8018.
type encryptedPrivateKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	KeyDerivation, Encryption pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

const (
	oidPBES2      = "1.2.840.113549.1.5.13"
	oidPBKDF2     = "1.2.840.113549.1.5.12"
	oidHMACSHA1   = "1.2.840.113549.2.7"
	oidHMACSHA256 = "1.2.840.113549.2.9"
	oidHMACSHA384 = "1.2.840.113549.2.10"
	oidHMACSHA512 = "1.2.840.113549.2.11"
	oidDESEDE3CBC = "1.2.840.113549.3.7"
	oidAES128CBC  = "2.16.840.1.101.3.4.1.2"
	oidAES192CBC  = "2.16.840.1.101.3.4.1.22"
	oidAES256CBC  = "2.16.840.1.101.3.4.1.42"
)

// mostIterations bounds the time that a key file can take of the postmaster: OpenSSL writes 2048.
const mostIterations = 10_000_000

var errScheme = errors.New("unsupported encryption of the key")

// decryptPKCS8 takes off PBES2 with PBKDF2 and a block cipher in CBC mode.
func decryptPKCS8(der, passphrase []byte) ([]byte, error) {
	var info encryptedPrivateKeyInfo
	var scheme pbes2Params
	var kdf pbkdf2Params
	var iv []byte
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	if info.Algorithm.Algorithm.String() != oidPBES2 {
		return nil, errScheme
	}
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, err
	}
	if scheme.KeyDerivation.Algorithm.String() != oidPBKDF2 {
		return nil, errScheme
	}
	if _, err := asn1.Unmarshal(scheme.KeyDerivation.Parameters.FullBytes, &kdf); err != nil {
		return nil, err
	}
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	prf, err := kdf.hash()
	if err != nil {
		return nil, err
	}
	size, newCipher, err := blockCipher(scheme.Encryption.Algorithm.String())
	if err != nil {
		return nil, err
	}
	if kdf.Iterations < 1 || kdf.Iterations > mostIterations {
		return nil, errScheme
	}
	key, err := pbkdf2.Key(prf, string(passphrase), kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, err
	}
	block, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, iv, info.Data)
}

func (p *pbkdf2Params) hash() (func() hash.Hash, error) {
	if len(p.PRF.Algorithm) == 0 {
		return sha1.New, nil
	}
	switch p.PRF.Algorithm.String() {
	case oidHMACSHA1:
		return sha1.New, nil
	case oidHMACSHA256:
		return sha256.New, nil
	case oidHMACSHA384:
		return sha512.New384, nil
	case oidHMACSHA512:
		return sha512.New, nil
	}
	return nil, errScheme
}

func blockCipher(oid string) (keySize int, newCipher func([]byte) (cipher.Block, error), err error) {
	switch oid {
	case oidAES128CBC:
		return 16, aes.NewCipher, nil
	case oidAES192CBC:
		return 24, aes.NewCipher, nil
	case oidAES256CBC:
		return 32, aes.NewCipher, nil
	case oidDESEDE3CBC:
		return 24, des.NewTripleDESCipher, nil
	}
	return 0, nil, errScheme
}

// decryptCBC decrypts and takes the padding off, which tells whether the passphrase was right, most of the time.
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, errDecrypt
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > size {
		return nil, errDecrypt
	}
	for _, b := range out[len(out)-pad:] {
		if int(b) != pad {
			return nil, errDecrypt
		}
	}
	return out[:len(out)-pad], nil
}
