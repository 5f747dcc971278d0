package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// echo is what back received; header values as lists, so that one that came twice shows twice.
type echo struct {
	Traceparent []string `json:"traceparent"`
	Tracestate  []string `json:"tracestate"`
	Method      string   `json:"method"`
	URI         string   `json:"uri"`
	Headers     int      `json:"headers"`
	Bytes       int64    `json:"bytes"`
	Sha256      string   `json:"sha256"`
	// Connection tells connections apart.
	Connection string `json:"connection"`
}

func writeEcho(w http.ResponseWriter, r *http.Request) {
	hash := sha256.New()
	bytes, err := io.Copy(hash, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	headers := 0
	for _, values := range r.Header {
		headers += len(values)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(echo{
		Traceparent: r.Header["Traceparent"],
		Tracestate:  r.Header["Tracestate"],
		Method:      r.Method,
		URI:         r.RequestURI,
		Headers:     headers,
		Bytes:       bytes,
		Sha256:      fmt.Sprintf("%x", hash.Sum(nil)),
		Connection:  r.RemoteAddr,
	})
}

// flakyListener serves one request a connection and closes it in the face of the second, so that a client
// with keep-alive has to try again on a new connection. It prints "flaky ADDRESS".
func flakyListener() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	var accepted int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			n := atomic.AddInt64(&accepted, 1)
			go func() {
				defer conn.Close()
				// A head may come in pieces.
				requests := bufio.NewReader(conn)
				if _, err := http.ReadRequest(requests); err != nil {
					return
				}
				body := fmt.Sprintf("{\"connection\":\"%d\"}\n", n)
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				// The second request is read, and never answered.
				http.ReadRequest(requests)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func backHandler() http.Handler {
	mux := http.NewServeMux()
	flaky := flakyListener()
	mux.HandleFunc("/echo", writeEcho)
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, flaky) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { time.Sleep(300 * time.Millisecond) })
	mux.HandleFunc("/hold", hold)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusFound)
	})
	return mux
}
