// Two services for the unpleasant cases: every handler of `front` is one of them, `back` serves their calls.
// Prints its address when it listens.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

// serve listens on a free port of the loopback, says which, and serves.
func serve(handler http.Handler) {
	address := "127.0.0.1:0"
	if port := os.Getenv("PORT"); port != "" {
		address = "127.0.0.1:" + port
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}

// answer passes a call's answer, or its error, on to the one who asked.
func answer(w http.ResponseWriter, response *http.Response, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	io.Copy(w, response.Body)
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: unpleasant back | unpleasant front URL-OF-BACK")
	}
	switch os.Args[1] {
	case "back":
		serve(backHandler())
	case "front":
		serve(frontHandler(os.Args[2]))
	}
}
