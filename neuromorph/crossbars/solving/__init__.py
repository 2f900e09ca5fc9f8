"""Lines, elimination and Newton's method: stationary voltages of an array, with a bound on their error."""
