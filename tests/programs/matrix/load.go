package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
)

// loadResult says how many requests were sent, numbered from 0 on, and how many of them were not answered by 200.
type loadResult struct {
	Sent   int64  `json:"sent"`
	Failed int64  `json:"failed"`
	Reason string `json:"reason"`
}

// load keeps `connections` busy with GET /front?n=NUMBER until standard input ends, then prints a loadResult. It
// writes requests by hand, to cost less than what it loads.
func load(address string, connections int) {
	var next, failed int64
	var stopping int32
	var reason atomic.Value
	reason.Store("")
	go func() {
		io.Copy(io.Discard, os.Stdin)
		atomic.StoreInt32(&stopping, 1)
	}()
	var workers sync.WaitGroup
	for i := 0; i < connections; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			var conn net.Conn
			var answers *bufio.Reader
			for atomic.LoadInt32(&stopping) == 0 {
				n := atomic.AddInt64(&next, 1) - 1
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
			}
			if conn != nil {
				conn.Close()
			}
		}()
	}
	workers.Wait()
	json.NewEncoder(os.Stdout).Encode(loadResult{Sent: next, Failed: failed, Reason: reason.Load().(string)})
}
