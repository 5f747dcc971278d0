//go:build ignore

// Writes urls.jsonl: what net/url makes of URLs, as the expectation of client_url_test.ts.
// Run: go run urls.go > urls.jsonl
package main

import (
	"encoding/json"
	"fmt"
	"net/url"
)

type sample struct {
	Scheme, Opaque, Host, Path, RawPath, RawQuery string
	ForceQuery                                    bool
	Full                                          string
}

func main() {
	var samples []sample
	add := func(u *url.URL) {
		samples = append(samples, sample{u.Scheme, u.Opaque, u.Host, u.Path, u.RawPath, u.RawQuery, u.ForceQuery, u.String()})
	}
	for _, text := range []string{
		"http://example.com", "http://example.com/", "https://example.com:8443/a/b?c=d", "http://[::1]:8080/x",
		"http://[fe80::1%25eth0]:8080/", "http://h/a b", "http://h/a%20b", "http://h/a%2Fb/c", "http://h/a!b'(c)*",
		"http://h/%E4%BD%A0%E5%A5%BD", "http://h/你好", "http://h/a?", "http://h/a?q=a b&c=%20", "http://h/;,:@&=+$",
		"http://h/[x]", "http://h/a%3Fb", "http://h/%", "http://h/%zz", "http://h/\"<>\\^`{|}", "http://H.EXAMPLE/~u/-_.",
		"http://h//double//", "http://h/a%2fb", "http://h/*", "http://h?only=query",
	} {
		if u, err := url.Parse(text); err == nil {
			add(u)
		}
	}
	add(&url.URL{Scheme: "http", Host: "h", Path: "relative"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "*"})
	add(&url.URL{Scheme: "http", Host: "h", Path: ""})
	add(&url.URL{Scheme: "http", Host: "h", Opaque: "//other/path%2Fx", RawQuery: "a=b"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a/b", RawPath: "/a%2Fb"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a/b", RawPath: "/wrong"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a/b", RawPath: "/a/b/longer"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a/b/longer", RawPath: "/a/b"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a", RawPath: "/%6"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a", RawPath: "/%61"})
	add(&url.URL{Scheme: "http", Host: "h o:1", Path: "/"})
	add(&url.URL{Scheme: "http", Host: "h", Path: "/a", RawPath: "/a b"})
	for c := 0; c < 256; c++ {
		add(&url.URL{Scheme: "http", Host: "h", Path: "/" + string([]byte{byte(c)}) + "/"})
		add(&url.URL{Scheme: "http", Host: "h", Path: "/" + string([]byte{byte(c)}), RawPath: "/" + string([]byte{byte(c)})})
		if c < 128 {
			add(&url.URL{Scheme: "http", Host: "a" + string([]byte{byte(c)}) + "b", Path: "/"})
		}
	}
	// Paths are bytes, not text.
	for _, s := range samples {
		line, err := json.Marshal(map[string]interface{}{"scheme": s.Scheme, "opaque": s.Opaque, "host": s.Host,
			"path": []byte(s.Path), "rawPath": []byte(s.RawPath), "query": s.RawQuery, "forceQuery": s.ForceQuery,
			"full": []byte(s.Full)})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s\n", line)
	}
}
