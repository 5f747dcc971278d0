// Back of the two-service example: sleeps up to three seconds and answers. It knows nothing of tracing.
package main

import (
	"fmt"
	"log"
	"math/rand"
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
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		nap := scaled(time.Duration(rand.Int63n(int64(3 * time.Second))))
		time.Sleep(nap)
		fmt.Fprintf(w, "back slept %v\n", nap.Round(time.Microsecond))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+env("BACK_PORT", "8081"), nil))
}
