// Two services for the Go matrix: `back` says in its header X-Echo what it received, `front` calls back for
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
	"sync"
	"time"
)

// echo is what back received, as lists: a header that came twice shows twice.
type echo struct {
	Traceparent []string `json:"traceparent"`
	Tracestate  []string `json:"tracestate"`
	Method      string   `json:"method"`
	URI         string   `json:"uri"`
	Remote      string   `json:"remote"`
	// Attempt counts the requests with this query, where the query asks for failures.
	Attempt int `json:"attempt"`
}

// attempts counts requests by their query.
type attempts struct {
	mutex sync.Mutex
	of    map[string]int
}

func (a *attempts) next(query string) int {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.of[query]++
	return a.of[query]
}

// back does what the query asks for: status=N, fail=N (panic that many times), chunked=1 (an answer of a length
// that the header does not tell), sleep=N (milliseconds).
func back() http.HandlerFunc {
	failing := &attempts{of: map[string]int{}}
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		query := r.URL.Query()
		number := func(name string) int {
			value, _ := strconv.Atoi(query.Get(name))
			return value
		}
		attempt := 1
		if failures := number("fail"); failures > 0 {
			attempt = failing.next(r.URL.RawQuery)
			if attempt <= failures {
				panic(http.ErrAbortHandler)
			}
		}
		time.Sleep(time.Duration(number("sleep")) * time.Millisecond)
		seen, _ := json.Marshal(echo{
			Traceparent: r.Header["Traceparent"],
			Tracestate:  r.Header["Tracestate"],
			Method:      r.Method,
			URI:         r.RequestURI,
			Remote:      r.RemoteAddr,
			Attempt:     attempt,
		})
		w.Header().Set("X-Echo", string(seen))
		w.Header().Set("Content-Type", "text/plain")
		if status := number("status"); status > 0 {
			w.WriteHeader(status)
		}
		if number("chunked") > 0 {
			w.(http.Flusher).Flush()
		}
		io.WriteString(w, strings.Repeat("b", 10+number("n")%90))
	}
}

// front calls `target` by the method, query and body of the request, without the request's context.
func front(client *http.Client, target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var body io.Reader
		if len(content) > 0 {
			body = strings.NewReader(string(content))
		}
		request, err := http.NewRequest(r.Method, target+"?"+r.URL.RawQuery, body)
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
		w.Header().Set("X-Echo", response.Header.Get("X-Echo"))
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}
}

// withRemote says in the header X-Remote whom the request came from.
func withRemote(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Remote", r.RemoteAddr)
		handler.ServeHTTP(w, r)
	})
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: matrix back | matrix front URL-OF-BACK | matrix load HOST:PORT-OF-FRONT CONNECTIONS")
	}
	if os.Args[1] == "load" {
		connections, _ := strconv.Atoi(os.Args[3])
		load(os.Args[2], connections)
		return
	}
	mux := http.NewServeMux()
	switch os.Args[1] {
	case "back":
		mux.HandleFunc("/back", back())
	case "front":
		client := &http.Client{Transport: &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64}}
		mux.HandleFunc("/front", front(client, os.Args[2]+"/back"))
		// Nobody listens there.
		mux.HandleFunc("/refused", front(client, "http://127.0.0.1:1/back"))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	log.Fatal(http.Serve(listener, withRemote(mux)))
}
