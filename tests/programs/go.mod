module example.com/tsunagi/programs

go 1.17
