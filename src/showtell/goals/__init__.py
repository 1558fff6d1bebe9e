"""Goals: sentences, videos and images, each made into one target."""
