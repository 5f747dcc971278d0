//go:build go1.22

// The module's go line asks for ServeMux as it was before Go 1.22; this asks for the one of today.
//
//go:debug httpmuxgo121=0

package main
