//go:build client

package main

import "net/http"

func run() {
	if answer, err := http.Get("http://127.0.0.1:1/"); err == nil {
		answer.Body.Close()
	}
}
