//go:build !client && !server && !plain

package main

import (
	"io"
	"net/http"
)

func run() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer, err := http.Get("http://127.0.0.1:1" + r.URL.Path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		io.Copy(w, answer.Body)
	})
	http.ListenAndServe("127.0.0.1:0", nil)
}
