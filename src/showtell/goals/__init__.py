"""What was shown or told, as one target embedding."""
