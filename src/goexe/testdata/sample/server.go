//go:build server

package main

import "net/http"

func run() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	http.ListenAndServe("127.0.0.1:0", nil)
}
