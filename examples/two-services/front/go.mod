module example.com/two-services/front

go 1.22
