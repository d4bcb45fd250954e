"""What the trail costs, side by side with the same work without it and with others: `make bench`."""
