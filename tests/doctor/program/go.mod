module example.com/tsunagi/doctor/program

go 1.15
