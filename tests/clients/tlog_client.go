// tlog_client reads a log over HTTPS as C2SP tlog-tiles says, and believes none of it: golang.org/x/mod/sumdb/note opens
// the checkpoint, golang.org/x/mod/sumdb/tlog checks tiles, entries and growth, and crypto/tls asks. Nothing of ours is in it.
//
//	tlog_client -url PREFIX -ca FILE -cert FILE -key FILE -log VKEY [-cosigner VKEY] [-old FILE] [-keep FILE] [-bend PATH]
//
// Every entry of the log is read and must be in the tree. With -old, the tree must begin with that of the checkpoint in
// FILE. -keep writes the checkpoint. -bend flips a bit in what is read from PATH, as a thief on the way could.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile

var (
	prefix   = flag.String("url", "", "prefix of the log")
	caFile   = flag.String("ca", "", "root certificate, PEM")
	certFile = flag.String("cert", "", "operator's certificate and those above it, PEM")
	keyFile  = flag.String("key", "", "its key, PEM")
	logKey   = flag.String("log", "", "the log's verifier key")
	cosigner = flag.String("cosigner", "", "the cosigner's verifier key")
	oldFile  = flag.String("old", "", "an older checkpoint")
	keepFile = flag.String("keep", "", "where the checkpoint goes")
	bend     = flag.String("bend", "", "path whose content is altered on the way")
)

func die(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "tlog_client: "+format+"\n", args...)
	os.Exit(1)
}

var client http.Client

// connect reads the certificates: the service's is verified up to the root, and the operator's is shown.
func connect() {
	root, err := os.ReadFile(*caFile)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(root) {
		die("-ca: %v", err)
	}
	pair, err := tls.LoadX509KeyPair(*certFile, *keyFile)
	if err != nil {
		die("-cert: %v", err)
	}
	client.Timeout = 30 * time.Second
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}
}

// get reads prefix/path; kind is the Content-Type that it must have.
func get(path, kind string) ([]byte, error) {
	answer, err := client.Get(*prefix + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<24))
	if err != nil {
		return nil, err
	}
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || got != kind {
		return nil, fmt.Errorf("%s: %d %s, expected 200 %s: %s", path, answer.StatusCode, got, kind, data)
	}
	if path == *bend {
		data[len(data)/2] ^= 1
	}
	return data, nil
}

// witness is a cosigner's key, of which x/mod knows nothing: C2SP tlog-cosignature, Ed25519.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	said := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(w.key, []byte(said), sig[8:])
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is no verifier key", vkey)
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	told, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(told) != 33 || told[0] != 4 {
		return nil, fmt.Errorf("%q is no cosigner's key", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), told...))
	if binary.BigEndian.Uint32(sum[:]) != uint32(hash) {
		return nil, fmt.Errorf("%q: its hash is another key's", vkey)
	}
	return witness{parts[0], uint32(hash), ed25519.PublicKey(told[1:])}, nil
}

// open verifies a checkpoint: all keys that are known must have signed it.
func open(text []byte) tlog.Tree {
	of, err := note.NewVerifier(*logKey)
	if err != nil {
		die("-log: %v", err)
	}
	known := []note.Verifier{of}
	if *cosigner != "" {
		w, err := newWitness(*cosigner)
		if err != nil {
			die("-cosigner: %v", err)
		}
		known = append(known, w)
	}
	n, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		die("checkpoint: %v", err)
	}
	if len(n.Sigs) != len(known) {
		die("checkpoint: %d of %d keys signed it", len(n.Sigs), len(known))
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != of.Name() {
		die("checkpoint: it is of another log than %s", of.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		die("checkpoint: %v", err)
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		die("checkpoint: %v", err)
	}
	return tlog.Tree{N: size, Hash: hash}
}

// tilePath is that of C2SP tlog-tiles: that of x/mod names the height too.
func tilePath(t tlog.Tile) string {
	return strings.Replace(t.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

type tiles struct{ have map[tlog.Tile][]byte }

func (t tiles) Height() int { return height }
func (t tiles) SaveTiles(of []tlog.Tile, data [][]byte) {
	for i := range of {
		t.have[of[i]] = data[i]
	}
}
func (t tiles) ReadTiles(of []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(of))
	for i, tile := range of {
		var err error
		if data[i] = t.have[tile]; data[i] != nil {
			continue
		}
		if data[i], err = get(tilePath(tile), "application/octet-stream"); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// check reads the entries of one bundle, and proves each of them.
func check(tree tlog.Tree, hashes tlog.HashReader, bundle tlog.Tile) {
	path := strings.Replace(tilePath(bundle), "tile/0/", "tile/entries/", 1)
	data, err := get(path, "application/octet-stream")
	if err != nil {
		die("%v", err)
	}
	for i := 0; i < bundle.W; i++ {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			die("%s: cut short", path)
		}
		n := int(binary.BigEndian.Uint16(data))
		index := bundle.N<<height + int64(i)
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(data[2:2+n]))
		}
		if err != nil {
			die("entry %d: %v", index, err)
		}
		data = data[2+n:]
	}
	if len(data) != 0 {
		die("%s: %d octets too many", path, len(data))
	}
}

func main() {
	flag.Parse()
	connect()
	text, err := get("checkpoint", "text/plain; charset=utf-8")
	if err != nil {
		die("%v", err)
	}
	tree := open(text)
	hashes := tlog.TileHashReader(tree, tiles{make(map[tlog.Tile][]byte)})
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		die("%v", err)
	}
	if !bytes.Equal(root[:], tree.Hash[:]) {
		die("the tiles make another tree")
	}
	for at := int64(0); at < tree.N; at += 1 << height {
		bundle := tlog.Tile{H: height, N: at >> height, W: 1 << height}
		if tree.N-at < int64(bundle.W) {
			bundle.W = int(tree.N - at)
		}
		check(tree, hashes, bundle)
	}
	if *oldFile != "" {
		text, err := os.ReadFile(*oldFile)
		if err != nil {
			die("%v", err)
		}
		old := open(text)
		proof, err := tlog.ProveTree(tree.N, old.N, hashes)
		if err == nil {
			err = tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
		}
		if err != nil {
			die("from %d to %d entries: %v", old.N, tree.N, err)
		}
		fmt.Printf("began with the %d entries of before\n", old.N)
	}
	if *keepFile != "" {
		if err := os.WriteFile(*keepFile, text, 0o644); err != nil {
			die("%v", err)
		}
	}
	fmt.Printf("all %d entries are in the tree\n", tree.N)
}
