"""States of devices moved in time, with the solve of the lines inside."""
