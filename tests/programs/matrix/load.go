package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

// loadResult says how many requests were sent, numbered from 0 on, and how many of them were not answered by 200.
type loadResult struct {
	Sent   int64  `json:"sent"`
	Failed int64  `json:"failed"`
	Reason string `json:"reason"`
}

// permits are the requests that may be sent: each line of standard input is how many more.
type permits struct {
	mutex                    sync.Mutex
	changed                  *sync.Cond
	allowed, taken, answered int64
	ended                    bool
}

func (p *permits) read() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		more, _ := strconv.ParseInt(lines.Text(), 10, 64)
		p.mutex.Lock()
		p.allowed += more
		p.mutex.Unlock()
		p.changed.Broadcast()
	}
	p.mutex.Lock()
	p.ended = true
	p.mutex.Unlock()
	p.changed.Broadcast()
}

// take waits for a permit and returns the number of its request, or false at the end.
func (p *permits) take() (int64, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for p.taken == p.allowed && !p.ended {
		p.changed.Wait()
	}
	if p.ended {
		return 0, false
	}
	p.taken++
	return p.taken - 1, true
}

// done prints "answered" when no permitted request is without its answer.
func (p *permits) done() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.answered++
	if p.answered == p.allowed {
		fmt.Println("answered")
	}
}

// load sends GET /front?n=NUMBER on `connections` as it is permitted, until standard input ends, then prints a
// loadResult. It writes requests by hand, to cost less than what it loads.
func load(address string, connections int) {
	var failed int64
	var reason atomic.Value
	reason.Store("")
	permitted := &permits{}
	permitted.changed = sync.NewCond(&permitted.mutex)
	go permitted.read()
	var workers sync.WaitGroup
	for i := 0; i < connections; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			var conn net.Conn
			var answers *bufio.Reader
			for n, ok := permitted.take(); ok; n, ok = permitted.take() {
				err := func() error {
					if conn == nil {
						var err error
						if conn, err = net.Dial("tcp", address); err != nil {
							return err
						}
						answers = bufio.NewReader(conn)
					}
					if _, err := fmt.Fprintf(conn, "GET /front?n=%d HTTP/1.1\r\nHost: %s\r\n\r\n", n, address); err != nil {
						return err
					}
					response, err := http.ReadResponse(answers, nil)
					if err != nil {
						return err
					}
					defer response.Body.Close()
					if _, err := io.Copy(io.Discard, response.Body); err != nil {
						return err
					}
					if response.StatusCode != http.StatusOK {
						return fmt.Errorf("status %d", response.StatusCode)
					}
					return nil
				}()
				if err != nil {
					atomic.AddInt64(&failed, 1)
					reason.Store(err.Error())
					if conn != nil {
						conn.Close()
						conn = nil
					}
				}
				permitted.done()
			}
			if conn != nil {
				conn.Close()
			}
		}()
	}
	workers.Wait()
	json.NewEncoder(os.Stdout).Encode(loadResult{Sent: permitted.taken, Failed: failed, Reason: reason.Load().(string)})
}
