// Two services for the Go matrix: `back` echoes the trace context that it received, `front` calls back for
// every request and passes its answer on. Builds with Go 1.17 and later; prints its address when it listens.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// echo is what back received, as lists: a header that came twice shows twice.
type echo struct {
	Traceparent []string `json:"traceparent"`
	Tracestate  []string `json:"tracestate"`
	Method      string   `json:"method"`
	URI         string   `json:"uri"`
}

func back(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	status, err := strconv.Atoi(r.URL.Query().Get("status"))
	if err != nil {
		status = http.StatusOK
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(echo{
		Traceparent: r.Header["Traceparent"],
		Tracestate:  r.Header["Tracestate"],
		Method:      r.Method,
		URI:         r.RequestURI,
	})
}

// front calls back by the same method and query, without the request's context.
func front(client *http.Client, backURL string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader
		if r.Method == http.MethodPost {
			body = strings.NewReader(strings.Repeat("x", 100))
		}
		request, err := http.NewRequest(r.Method, backURL+"/back?"+r.URL.RawQuery, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		response, err := client.Do(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: matrix back | matrix front URL-OF-BACK")
	}
	mux := http.NewServeMux()
	switch os.Args[1] {
	case "back":
		mux.HandleFunc("/back", back)
	case "front":
		transport := &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64}
		mux.HandleFunc("/front", front(&http.Client{Transport: transport}, os.Args[2]))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
