#!/usr/bin/env bash
# Creates the certificates of the TLS tests again: an authority, certificates that it has signed, and one
# that it has not signed. They have no use elsewhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
    -subj "/CN=$2" -keyout "$1.key.pem" -out "$1.cert.pem" -addext basicConstraints=critical,CA:TRUE
}

signed() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$2.key.pem" -out "$2.csr.pem"
  openssl x509 -req -in "$2.csr.pem" -CA "$1.cert.pem" -CAkey "$1.key.pem" -CAcreateserial -days 36500 \
    -extfile <(printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$4") -out "$2.cert.pem"
  rm "$2.csr.pem"
}

authority root 'Ropewalk test authority'
signed root server localhost 'DNS:localhost,DNS:server.test,IP:127.0.0.1,IP:::1'
signed root other other.test 'DNS:other.test,DNS:*.wild.test'
signed root client client.test 'DNS:client.test'
authority stranger 'An authority nobody trusts'
signed stranger imposter localhost 'DNS:localhost,IP:127.0.0.1'
rm -f ./*.srl stranger.key.pem root.key.pem
