package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// caller makes the calls of front's handlers.
type caller struct {
	back string
	// Work for four goroutines that were there before any request.
	jobs chan func()
}

// get calls back with a context, or with none of the request's when it is nil.
func (c *caller) get(ctx context.Context, path string) (*http.Response, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.back+path, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// inGoroutine answers with what a call in `depth` nested goroutines got.
func (c *caller) inGoroutine(depth int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		done := make(chan struct{})
		var response *http.Response
		var err error
		var run func(int)
		run = func(left int) {
			if left > 0 {
				go run(left - 1)
				return
			}
			response, err = c.get(nil, "/echo")
			close(done)
		}
		run(depth)
		<-done
		answer(w, response, err)
	}
}

// inPool answers with what a call in the worker pool got, with the request's context or without any.
func (c *caller) inPool(withContext bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ctx context.Context
		if withContext {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithValue(r.Context(), caller{}, 1), time.Minute)
			defer cancel()
		}
		done := make(chan struct{})
		var response *http.Response
		var err error
		c.jobs <- func() {
			response, err = c.get(ctx, "/echo")
			close(done)
		}
		<-done
		answer(w, response, err)
	}
}

// post sends random bytes that hold lines like requests, and compares what back's hash says of them.
func (c *caller) post(w http.ResponseWriter, r *http.Request) {
	count, _ := strconv.Atoi(r.URL.Query().Get("bytes"))
	body := make([]byte, count)
	rand.Read(body)
	for i := 0; i+64 < count; i += 4096 {
		copy(body[i:], "GET /evil HTTP/1.1\r\nHost: x\r\ntraceparent: 00-1\r\n\r\n")
	}
	var reader io.Reader = bytes.NewReader(body)
	if r.URL.Query().Get("chunked") != "" {
		reader = io.MultiReader(reader)
	}
	request, err := http.NewRequest(http.MethodPost, c.back+"/echo", reader)
	if err != nil {
		answer(w, nil, err)
		return
	}
	w.Header().Set("X-Sha256", fmt.Sprintf("%x", sha256.Sum256(body)))
	response, err := http.DefaultClient.Do(request)
	answer(w, response, err)
}

// custom calls back by the method, path, headers and own traceparent that the query asks for.
func (c *caller) custom(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	method := query.Get("method")
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequest(method, c.back+"/echo"+query.Get("suffix"), nil)
	if err != nil {
		answer(w, nil, err)
		return
	}
	headers, _ := strconv.Atoi(query.Get("headers"))
	for i := 0; i < headers; i++ {
		request.Header.Set("X-Filler-"+strconv.Itoa(i), strings.Repeat("v", 20))
	}
	if values := query["traceparent"]; len(values) > 0 {
		request.Header["Traceparent"] = values
	}
	response, err := http.DefaultClient.Do(request)
	answer(w, response, err)
}

func hijack(w http.ResponseWriter, r *http.Request) {
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	fmt.Fprint(buffered, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nhijacked")
	buffered.Flush()
}

func stream(w http.ResponseWriter, r *http.Request) {
	for i := 0; i < 20; i++ {
		fmt.Fprintf(w, "%d\n", i)
		w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

// hold answers when the client has no more to send.
func hold(w http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
}

func sleepy(w http.ResponseWriter, r *http.Request) {
	ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
	time.Sleep(time.Duration(ms) * time.Millisecond)
	io.WriteString(w, "slept\n")
}

func frontHandler(back string) http.Handler {
	backURL, err := url.Parse(back)
	if err != nil {
		log.Fatal(err)
	}
	c := &caller{back: back, jobs: make(chan func())}
	for i := 0; i < 4; i++ {
		go func() {
			for job := range c.jobs {
				job()
			}
		}()
	}
	flaky := ""
	call := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			response, err := c.get(nil, path)
			answer(w, response, err)
		}
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "pong\n") })
	mux.HandleFunc("/call", call("/echo"))
	mux.HandleFunc("/redirected", call("/redirect"))
	mux.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) { panic("on purpose") })
	mux.HandleFunc("/hijack", hijack)
	mux.HandleFunc("/stream", stream)
	mux.HandleFunc("/hold", hold)
	mux.Handle("/timeout", http.TimeoutHandler(http.HandlerFunc(sleepy), 50*time.Millisecond, "too late\n"))
	mux.HandleFunc("/cancelled", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		// Not before back has been asked.
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { cancel() },
		})
		response, err := c.get(ctx, "/slow")
		answer(w, response, err)
	})
	mux.HandleFunc("/refused", func(w http.ResponseWriter, r *http.Request) {
		response, err := http.Get("http://127.0.0.1:1/")
		answer(w, response, err)
	})
	// The first call learns where the flaky server is and leaves a connection in the pool.
	mux.HandleFunc("/retried", func(w http.ResponseWriter, r *http.Request) {
		if flaky == "" {
			response, err := c.get(nil, "/flaky")
			if err != nil {
				answer(w, nil, err)
				return
			}
			defer response.Body.Close()
			address, err := io.ReadAll(response.Body)
			if err != nil {
				answer(w, nil, err)
				return
			}
			flaky = string(address)
		}
		response, err := http.Get(flaky)
		answer(w, response, err)
	})
	mux.HandleFunc("/child", c.inGoroutine(1))
	mux.HandleFunc("/grandchild", c.inGoroutine(2))
	mux.HandleFunc("/pool-with-context", c.inPool(true))
	mux.HandleFunc("/pool-without-context", c.inPool(false))
	mux.HandleFunc("/post", c.post)
	mux.HandleFunc("/custom", c.custom)
	mux.Handle("/echo", httputil.NewSingleHostReverseProxy(backURL))
	return mux
}
