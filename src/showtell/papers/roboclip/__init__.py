"""RoboCLIP: one demonstration, or one sentence, and a video-language model as the reward."""
