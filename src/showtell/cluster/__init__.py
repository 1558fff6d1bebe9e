"""What jobs ask of a cluster: memory, time and GPUs, from their specifications."""
