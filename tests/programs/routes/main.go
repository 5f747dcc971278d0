//go:build go1.22

// The module's go line asks for ServeMux as it was before Go 1.22; this asks for the one of today.
//
//go:debug httpmuxgo121=0

// One service with the routes of a ServeMux ("mux"), or with a handler that reads paths itself ("plain").
// Answers 404 below /missing. Prints its address when it listens.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

func answer(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/missing") {
		http.NotFound(w, r)
		return
	}
	io.WriteString(w, "ok\n")
}

func mux() http.Handler {
	mux := http.NewServeMux()
	for _, pattern := range []string{"GET /orders/{id}", "/orders/{id}/items/{item}", "/files/{path...}", "/{$}"} {
		mux.HandleFunc(pattern, answer)
	}
	return mux
}

func main() {
	handlers := map[string]http.Handler{"mux": mux(), "plain": http.HandlerFunc(answer)}
	if len(os.Args) < 2 || handlers[os.Args[1]] == nil {
		log.Fatal("usage: routes mux|plain")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	log.Fatal(http.Serve(listener, handlers[os.Args[1]]))
}
