//go:build plain

package main

func run() {}
