// Front of the two-service example: sleeps one second, calls back, answers with what back said.
// It knows nothing of tracing, and passes no context to the call.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

// env returns a variable of the environment, or fallback.
func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// scaled shortens (or stretches) a sleep by SLEEP_SCALE, 1 by default.
func scaled(d time.Duration) time.Duration {
	scale, err := strconv.ParseFloat(env("SLEEP_SCALE", "1"), 64)
	if err != nil {
		log.Fatalf("SLEEP_SCALE must be a number: %v", err)
	}
	return time.Duration(float64(d) * scale)
}

func main() {
	back := "http://127.0.0.1:" + env("BACK_PORT", "8081") + "/"
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(scaled(time.Second))
		response, err := http.Get(back)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+env("FRONT_PORT", "8080"), nil))
}
