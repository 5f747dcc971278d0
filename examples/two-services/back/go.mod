module example.com/two-services/back

go 1.22
