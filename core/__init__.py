"""What every part speaks: errors, geometry and the records of a result."""
