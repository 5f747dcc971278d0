// Command sample is the program that the tests of goexe inspect: an HTTP server and client, or only the one that
// the build tag "server" or "client" names, or with the tag "plain" neither. With the argument "offsets" it prints
// struct offsets as the compiler knows them.
package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"unsafe"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "offsets" {
		json.NewEncoder(os.Stdout).Encode(offsets())
		return
	}
	run()
}

func offsets() map[string]map[string]uintptr {
	return map[string]map[string]uintptr{
		"net/http.Request": {
			"(size)": unsafe.Sizeof(http.Request{}),
			"Method": unsafe.Offsetof(http.Request{}.Method),
			"URL":    unsafe.Offsetof(http.Request{}.URL),
			"Header": unsafe.Offsetof(http.Request{}.Header),
			"Host":   unsafe.Offsetof(http.Request{}.Host),
		},
		"net/url.URL": {
			"(size)":   unsafe.Sizeof(url.URL{}),
			"Path":     unsafe.Offsetof(url.URL{}.Path),
			"RawQuery": unsafe.Offsetof(url.URL{}.RawQuery),
		},
	}
}
