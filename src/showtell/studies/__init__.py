"""What is measured: returns, success, distances between rewards, statistics."""
