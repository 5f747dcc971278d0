module tsunagi.example/sample

go 1.21
