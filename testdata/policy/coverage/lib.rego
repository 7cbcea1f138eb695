package lib

up(x) := upper(x)

other := 1
