"""What an agent is shown: demonstrations, scripted, drawn, published or a user's own."""
